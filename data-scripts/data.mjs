// @ts-check
// `npm run data -- ...`: does what set-up is missing, then hands over to the compiled command.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const compiled = join(here, '..', '.build', 'data-scripts', 'data.js');

if (existsSync(join(here, 'setup.mjs'))) {
  const { setup } = await import('./setup.mjs');
  await setup();
}
if (!existsSync(compiled)) {
  console.error('The commands are not compiled yet: run `npm install`, then `npx tsc -p .`, and try again.');
  process.exit(1);
}
const { status, signal } = spawnSync(process.execPath, [compiled, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = signal ? 1 : (status ?? 1);
