// @ts-check
// The pages that Sphinx has written, changed before they are shown.
import fs from 'node:fs';
import path from 'node:path';

/**
 * Writes anew each page of a site that `edit` changes.
 * @param {string} site
 * @param {(page: string, name: string) => string} edit
 */
export function editPages(site, edit) {
  for (const name of fs.readdirSync(site, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.html')) continue;
    const file = path.join(site, name);
    const page = fs.readFileSync(file, 'utf8');
    const edited = edit(page, name);
    if (edited !== page) fs.writeFileSync(file, edited);
  }
}
