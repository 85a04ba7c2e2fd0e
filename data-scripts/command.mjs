// @ts-check
// `npm run data -- ...` and its like: does what set-up is missing, then hands over to the compiled command of that name.
import { inRoot, nodeCompat } from './lib/paths.mjs';
import { fail } from './lib/reader.cjs';
import { run } from './lib/run.mjs';
import { tensorflowEnv } from './lib/child-env.mjs';
import { setup } from './setup.mjs';

const [name = '', ...args] = process.argv.slice(2);

try {
  await setup();
  const script = inRoot('.build', 'data-scripts', 'commands', `${name}.js`);
  const { status } = await run(process.execPath, ['-r', nodeCompat, script, ...args], {
    inherit: true,
    anyStatus: true,
    env: tensorflowEnv,
  });
  process.exitCode = status; // what went wrong was said by the command
} catch (error) {
  fail(error);
}
