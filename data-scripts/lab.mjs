// @ts-check
// npm run lab: JupyterLab on this machine only (127.0.0.1, with a random token), the tslab kernel chosen, open at the
// notebooks. Ctrl-C ends it. Arguments go to JupyterLab, e.g. npm run lab -- --no-browser --port 9999
import { fail } from './lib/log.mjs';
import { makeJupyterFolder } from './lib/child-env.mjs';
import { root, venvBin } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { setup } from './setup.mjs';

try {
  await setup();
  makeJupyterFolder();
  const given = process.argv.slice(2);
  const usual = [
    '--ServerApp.ip=127.0.0.1',
    `--ServerApp.root_dir=${root}`, // the sources can be read beside the notebooks
    '--LabApp.default_url=/lab/tree/notebooks',
    '--ServerApp.answer_yes=True', // Ctrl-C ends it without asking again
    '--Application.log_level=WARN',
    // Jupyter refuses to run as root unless told; containers have no other user.
    ...(process.getuid?.() === 0 ? ['--ServerApp.allow_root=True'] : []),
  ];
  // JupyterLab takes each option once: the reader's takes the place of ours.
  const names = given.map((option) => option.split('=')[0]);
  const options = usual.filter((option) => !names.includes(option.split('=')[0]));
  await run(venvBin('python'), ['-m', 'jupyterlab', ...options, ...given], {
    inherit: true,
    endedByCtrlC: true,
    endWith: 'SIGTERM', // without a terminal, SIGINT makes it leave its kernels behind
    graceMs: 20_000, // it ends its kernels first
  });
} catch (error) {
  fail(error);
}
