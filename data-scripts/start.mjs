// @ts-check
// `npm start`: set-up that is missing, then execute the notebooks, then render them into site/.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { duration } from './lib/log.mjs';
import { fail, parse } from './lib/reader.cjs';
import { speakReadersLanguage } from './languages/terminal.mjs';
import { chosen, execute, ownPictures, preparePictures, takeTurns } from './notebooks/notebooks.mjs';
import { needWritableResults } from './setup/place.mjs';
import { setup } from './setup.mjs';

const HELP = `npm start [-- [NOTEBOOK...] [options]]

Executes the workbook's notebooks and renders them into site/index.html.

  NOTEBOOK        only these, by number or name: 4, 4-fine-tuning; or a path to one of your own
  --only NAME     the same
  --data PATH     a picture set of your own: a folder with train and eval, each with one folder a class
  --no-pages      only execute
  --no-run        only render, from what was executed last
  --no-setup      take what is installed and compiled as it is
  --verbose       show what TensorFlow says of itself, too
  --help          this text`;

const OPTIONS = /** @type {const} */ ({
  only: { type: 'string', multiple: true },
  data: { type: 'string' },
  'no-pages': { type: 'boolean' },
  'no-run': { type: 'boolean' },
  'no-setup': { type: 'boolean' },
  verbose: { type: 'boolean' },
});

async function main() {
  const began = Date.now();
  const parsed = parse(HELP, { allowPositionals: true, options: OPTIONS });
  if (!parsed) return 0;
  speakReadersLanguage();
  const { values, positionals } = parsed;
  if (values.verbose) process.env.TF_CPP_MIN_LOG_LEVEL = '0'; // node-compat.cjs has it otherwise
  const files = chosen([...positionals, ...(values.only ?? [])]);
  const pictures = ownPictures(values.data);
  if (!values['no-setup']) await setup();
  needWritableResults();
  const status = await takeTurns(async () => {
    if (!values['no-run']) {
      const env = await preparePictures(pictures);
      console.log(files.length === 1 ? 'Executing 1 notebook' : `Executing ${files.length} notebooks`);
      const status = await execute(files, { env });
      if (status !== 0) return status;
    }
    if (!values['no-pages']) await pages();
    return 0;
  });
  if (status !== 0) return status;
  console.log(`Done in ${duration(Date.now() - began)}`);
  return 0;
}

async function pages() {
  // Imported only now: it needs packages, which aren't there before set-up.
  const { render } = await import('./pages/render.mjs');
  const { index, missing, untranslated, fontless } = await render();
  for (const name of missing)
    console.log(`  ${name} has no outputs on its page: it was not executed as it is now`);
  for (const [language, texts] of untranslated)
    console.log(`  ${language}: ${texts.length} texts stay English (npm run translate -- status)`);
  for (const { name, fonts = [] } of fontless)
    console.log(
      `  No font here has the letters of ${name}, by which pictures of plots are laid out: install ${fonts[0]}`,
    );
  console.log(
    `Pages: ${path.relative(process.cwd(), index)}\n       ${pathToFileURL(fs.realpathSync(index)).href}`,
  );
}

try {
  process.exitCode = await main();
} catch (error) {
  fail(error);
}
