// @ts-check
// Snakemake in an environment of its own below .cache, made when it is first asked for.
// node engine.mjs [Snakemake's options]
import path from 'node:path';
import { tensorflowEnv } from '../../../lib/child-env.mjs';
import { alone } from '../../../lib/files.mjs';
import { step } from '../../../lib/log.mjs';
import { cache, inRoot } from '../../../lib/paths.mjs';
import { run } from '../../../lib/run.mjs';
import { fail } from '../../../lib/reader.cjs';
import { environmentIn } from '../../../setup/python.mjs';

const SAVING_MS = 120_000; // what is told to end saves itself before

const engine = environmentIn(
  path.join(cache, 'snakemake'),
  inRoot('data-scripts', 'commands', 'experiments', 'snakemake', 'requirements.txt'),
  { lowest: [3, 11], use: 'sweeps', fromSource: 'connection-pool' },
);

try {
  if (engine.missing())
    await alone('set-up', async () => {
      if (engine.missing()) await step('Snakemake', (progress) => engine.install(progress, false));
    });
  const { status } = await run(engine.program('snakemake'), process.argv.slice(2), {
    inherit: true,
    anyStatus: true,
    env: {
      ...tensorflowEnv,
      PATH: `${path.dirname(engine.program('python'))}${path.delimiter}${process.env.PATH}`,
    },
    graceMs: SAVING_MS,
  });
  process.exitCode = status;
} catch (error) {
  fail(error);
}
