// @ts-check
// What a command says, in the language of the reader's system where there is one such; errors stay as they are, in English.
import { languages } from './overlay.mjs';
import { languageFor } from './notebooks.mjs';
import outputs from './outputs.cjs';

/** A line that is written over, and the sign at its beginning: data-scripts/lib/log.mjs. */
const PIECES = /(\n|\r\x1b\[K)/;
const LEAD = /^\s*(?:[✓✗…⠀-⣿] )?/u;

/**
 * @param {import('./overlay.mjs').Language} language
 * @returns {(text: string) => string}
 */
export function lineTranslator(language) {
  const { phrase } = outputs.translator(language);
  return (text) =>
    text
      .split(PIECES)
      .map((piece) => {
        const lead = LEAD.exec(piece)?.[0] ?? '';
        return PIECES.test(piece) ? piece : lead + phrase(piece.slice(lead.length));
      })
      .join('');
}

/**
 * From here on, what this process prints is translated; of what goes to stderr, where errors are, only lines that are written
 * over: progress.
 * @param {NodeJS.ProcessEnv} [env]
 */
export function speakReadersLanguage(env = process.env) {
  const language = languageFor(languages(), undefined, env);
  if (!language) return;
  const translated = lineTranslator(language);
  for (const stream of [process.stdout, process.stderr]) {
    const write = /** @type {(chunk: unknown, ...rest: unknown[]) => boolean} */ (stream.write.bind(stream));
    stream.write = (/** @type {unknown} */ chunk, /** @type {unknown[]} */ ...rest) => {
      const isOurs = typeof chunk === 'string' && (stream === process.stdout || chunk.startsWith('\r\x1b[K'));
      return write(isOurs ? translated(chunk) : chunk, ...rest);
    };
  }
}
