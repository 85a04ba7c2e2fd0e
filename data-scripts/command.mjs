// @ts-check
// `npm run data -- ...` and its like: does what set-up is missing, then hands over to the compiled command of that name.
import { inRoot, nodeCompat, speaking } from './lib/paths.mjs';
import { fail } from './lib/reader.cjs';
import { run } from './lib/run.mjs';
import { tensorflowEnv } from './lib/child-env.mjs';
import { setup } from './setup.mjs';

/** Those that chapters send their readers to, and whose output no program reads. */
const SPEAKING = ['data', 'train'];

const [name = '', ...args] = process.argv.slice(2);

try {
  await setup();
  const script = inRoot('.build', 'data-scripts', 'commands', `${name}.js`);
  const language = SPEAKING.includes(name) ? speaking : [];
  const { status } = await run(process.execPath, ['-r', nodeCompat, ...language, script, ...args], {
    inherit: true,
    anyStatus: true,
    env: tensorflowEnv,
  });
  process.exitCode = status; // what went wrong was said by the command
} catch (error) {
  fail(error);
}
