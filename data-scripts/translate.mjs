// @ts-check
// `npm run translate`: what a language's edition still lacks, with the English to translate. Runs on what set-up has installed.
import fs from 'node:fs';
import { Trouble, fail, parse } from './lib/reader.cjs';

const HELP = `npm run translate -- status | check | todo [WHAT] [options]

The editions of the notebooks in other languages: notebooks/zh/.

  status          what is to do, by file
  check           what is wrong, a line each; ends with an error where anything is
  todo WHAT       what is to be translated, in the files' own format: a chapter's number or name, home, README,
                  outputs, comments (outputs: what stands in the code, and what the notebooks put out when executed last)
  --language CODE default: all there are; for todo the first
  --help, -h      this text`;

async function main() {
  const options = /** @type {const} */ ({ language: { type: 'string' } });
  const parsed = parse(HELP, { allowPositionals: true, options });
  if (!parsed) return 0;
  const [what = 'status', part = ''] = parsed.positionals;
  // They need packages, which aren't there before set-up.
  const { languages, markOf, readLanguage } = await import('./languages/overlay.mjs');
  const { checkLanguage, checkProse, proseIn } = await import('./languages/check.mjs');
  const { executedFolder } = await import('./notebooks/notebooks.mjs');
  const { language: code } = parsed.values;
  const chosen = code ? [readLanguage(code)] : languages();
  let faults = 0;
  for (const language of what === 'todo' ? chosen.slice(0, 1) : chosen) {
    if (what === 'todo') {
      const kind = { outputs: 'output', comments: 'comment' }[part];
      if (kind) {
        const missing = checkLanguage(language, executedFolder).filter(
          (fault) => fault.kind === kind && fault.english,
        );
        console.log(JSON.stringify(Object.fromEntries(missing.map(({ english }) => [english, ''])), null, 2));
        continue;
      }
      const page = proseIn(language).find(
        ({ name }) => name === part || name.startsWith(`${part}-`) || name.startsWith(`${part} `),
      );
      if (!page)
        throw new Trouble(`There is nothing to translate by the name ${part || '(none)'}.\n\n${HELP}`);
      const bad = new Set(checkProse(language, { ...page, optional: false }).map(({ english }) => english));
      for (const { id, english } of page.parts)
        if (bad.has(english)) console.log(`${markOf(id, english)}\n\n${english}\n`);
    } else if (what === 'status' || what === 'check') {
      const found = checkLanguage(language, executedFolder);
      faults += found.length;
      console.log(`${language.words.name} (notebooks/${language.code})`);
      if (what === 'status') console.log(status(found, proseIn(language)));
      else
        for (const { where, what, english } of found)
          console.log(`  ${where}: ${what}${what.includes('entry') ? `: ${english}` : ''}`);
      if (found.length === 0) console.log('  nothing is missing');
    } else throw new Trouble(`There is no ${what}.\n\n${HELP}`);
  }
  return what === 'check' && faults > 0 ? 1 : 0;
}

/**
 * @param {readonly import('./languages/check.mjs').Fault[]} faults
 * @param {readonly import('./languages/check.mjs').Prose[]} pages
 */
function status(faults, pages) {
  const rows = pages.map(({ name, file, parts, optional }) => {
    if (optional && !fs.existsSync(file)) return `  ${name}: none, which is no fault`;
    const own = faults.filter(
      ({ kind, where }) => kind === 'prose' && file.endsWith(where.split(', ')[0] ?? ''),
    );
    const missing = own.filter(({ what }) => what.startsWith('missing')).length;
    const stale = own.filter(({ what }) => what.startsWith('stale')).length;
    return `  ${name}: ${parts.length} parts, ${missing} missing, ${stale} stale, ${own.length - missing - stale} otherwise wrong`;
  });
  const count = (/** @type {string} */ kind) => faults.filter((fault) => fault.kind === kind).length;
  return [...rows, `  outputs: ${count('output')} to do`, `  comments: ${count('comment')} to do`].join('\n');
}

try {
  process.exitCode = await main();
} catch (error) {
  fail(error);
}
