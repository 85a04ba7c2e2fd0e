import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';

/** A picture that somebody should look at, and why. */
export interface Suspect {
  path: string;
  reasons: readonly string[];
}

const HEAD = `# Pictures that may be worth a look. To leave some out, take away the # before their names, and train again with
# --skip and this file. Nothing is moved or deleted.
# Leave out what is labelled wrongly, double or damaged, not what is only difficult: a test without its difficult
# pictures says that the model is better than it is.
`;

/** The text of a file of suspects: reasons, and below them the picture's name, which is commented out. */
export function suspectsText(root: string, suspects: readonly Suspect[]): string {
  const entries = suspects.map(
    ({ path, reasons }) =>
      `\n${reasons.map((reason) => `# ${oneLine(reason)}`).join('\n')}\n#${nameOf(relative(root, path))}\n`,
  );
  return HEAD + entries.join('');
}

/**
 * The pictures that a file of this kind says to leave out: a name a line, relative to the pictures' folder. Lines that
 * begin with # don't count; a name in double quotes is JSON.
 *
 * @returns absolute paths.
 */
export function readSkipList(file: string, root: string): Set<string> {
  const lines = readFileSync(file, 'utf8')
    .replace(/^\ufeff/, '')
    .split(/\r?\n/);
  const names = lines.flatMap((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    if (!line.startsWith('"')) return [line];
    try {
      return [String(JSON.parse(line))];
    } catch {
      throw new Error(`${file}: line ${i + 1} begins with " but is not JSON: ${line.slice(0, 80)}`);
    }
  });
  return new Set(names.map((name) => resolve(root, name)));
}

const oneLine = (text: string): string => text.replace(/\p{C}/gu, ' ');

/** As it is, or as JSON where it would be read as something else. */
const nameOf = (name: string): string =>
  /^["#\s]|\s$|\p{C}/u.test(name)
    ? JSON.stringify(name).replace(/\p{C}/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : name;
