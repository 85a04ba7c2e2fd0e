// @ts-check
// `npm run data -- ...` and its like: does what set-up is missing, then hands over to the compiled command of that name.
import { inRoot, nodeCompat } from './lib/paths.mjs';
import { fail } from './lib/reader.cjs';
import { run } from './lib/run.mjs';
import { tensorflowEnv } from './lib/child-env.mjs';
import { setup } from './setup.mjs';

const [name = '', ...args] = process.argv.slice(2);
// To be removed with experiment.ts's own move into the room of the commands.
const room = name === 'experiment' ? [] : ['commands'];

try {
  await setup();
  const { status } = await run(
    process.execPath,
    ['-r', nodeCompat, inRoot('.build', 'data-scripts', ...room, `${name}.js`), ...args],
    { inherit: true, anyStatus: true, env: tensorflowEnv },
  );
  process.exitCode = status; // what went wrong was said by the command
} catch (error) {
  fail(error);
}
