// @ts-check
// `npm run data -- ...`: does what set-up is missing, then hands over to the compiled command (data.ts).
import { fail } from './lib/log.mjs';
import { inRoot } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { setup } from './setup.mjs';

try {
  await setup();
  const command = [inRoot('.build', 'data-scripts', 'data.js'), ...process.argv.slice(2)];
  const { status } = await run(process.execPath, command, { inherit: true, anyStatus: true });
  process.exitCode = status; // what went wrong was said by the command
} catch (error) {
  fail(error);
}
