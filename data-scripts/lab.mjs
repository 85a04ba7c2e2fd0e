// @ts-check
// npm run lab: JupyterLab on this machine only (127.0.0.1, with a random token), the tslab kernel chosen, open at the
// notebooks. Ctrl-C ends it. Arguments go to JupyterLab, e.g. npm run lab -- --no-browser --port 9999; paths in them
// are the reader's, from where npm was called. But for --language zh (or en): opens the notebooks in that language, made from
// notebooks/zh; without it, in the language of the reader's system where it is one of them.
import path from 'node:path';
import { makeJupyterFolder } from './lib/child-env.mjs';
import { writeWhole } from './lib/files.mjs';
import { cache, root, venvBin } from './lib/paths.mjs';
import { Trouble, fail, fromReader } from './lib/reader.cjs';
import { run } from './lib/run.mjs';
import { setup } from './setup.mjs';

// In a file, since JupyterLab takes each option on its command line once and knows most by several names: what the
// reader says there wins over a file, by whichever name. Each under the class that defines it: a subclass's would win
// over what the reader says of that class.
const settings = {
  ServerApp: {
    ip: '127.0.0.1',
    root_dir: root, // the sources can be read beside the notebooks
    allow_root: process.getuid?.() === 0, // Jupyter refuses to run as root unless told; containers have no other user
  },
  LabApp: { default_url: '/lab/tree/notebooks' },
  JupyterApp: { answer_yes: true }, // Ctrl-C ends it without asking again
  Application: { log_level: 'WARN' },
};

/** Takes --language out of the words for JupyterLab. @param {string[]} args */
function languageOf(args) {
  const at = args.findIndex((word) => /^--language(=|$)/.test(word));
  if (at < 0) return undefined;
  const [option = '', next = ''] = args.splice(at, args[at] === '--language' ? 2 : 1);
  return option.split('=')[1] ?? next;
}

/** @param {string | undefined} asked @returns {Promise<string>} where the notebooks are, from the project's root */
async function notebooksIn(asked) {
  const { languages } = await import('./languages/overlay.mjs');
  const { languageFor, makeNotebooks } = await import('./languages/notebooks.mjs'); // it needs packages
  const all = languages();
  const language = languageFor(all, asked);
  if (language === null)
    throw new Trouble(`--language ${asked}: there are en, ${all.map(({ code }) => code).join(', ')}.`);
  if (!language) return 'notebooks';
  for (const kept of makeNotebooks(language))
    console.error(
      `${path.relative(root, kept)} has your changes and is kept as it is. Rename it to get the workbook's newest.`,
    );
  return `notebooks/${language.code}`;
}

try {
  const args = process.argv.slice(2);
  const asked = languageOf(args);
  await setup();
  const notebooks = await notebooksIn(asked);
  settings.LabApp.default_url = `/lab/tree/${notebooks}`;
  const defaults = path.join(cache, 'jupyter', 'defaults', notebooks); // two that start at once have a file each
  makeJupyterFolder();
  writeWhole(path.join(defaults, 'jupyter_server_config.json'), JSON.stringify(settings, null, 2));
  await run(venvBin('python'), ['-m', 'jupyterlab', ...args], {
    cwd: fromReader('.'),
    env: { JUPYTER_CONFIG_PATH: defaults },
    inherit: true,
    endedByCtrlC: true,
    endWith: 'SIGTERM', // without a terminal, SIGINT makes it leave its kernels behind
    graceMs: 20_000, // it ends its kernels first
  });
} catch (error) {
  fail(error);
}
