/**
 * Rows and cells of a table in CSV (RFC 4180): cells may stand in double quotes, within which "" is a quote and a line may
 * end. Cells are divided by what divides the first line: comma, semicolon or tab. Empty lines don't count.
 *
 * @throws Error for a quote that is not closed, with the line where it was opened.
 */
export function parseCsv(text: string): { cells: string[]; line: number }[] {
  const content = text.replace(/^\ufeff/, '');
  const [first] = content
    .slice(0, 65_536)
    .replace(/"[^"]*"/g, '')
    .split(/\r?\n/, 1);
  const divider = ['\t', ';', ','].find((each) => first.includes(each)) ?? ',';
  // a cell in quotes or without, and what ends it
  const cell = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^"\\r\\n${divider}][^\\r\\n${divider}]*)?)(${divider}|\\r?\\n|$)`,
    'y',
  );
  const rows: { cells: string[]; line: number }[] = [];
  let cells: string[] = [];
  let [line, opened] = [1, 1];
  while (cell.lastIndex < content.length || cells.length > 0) {
    const found = cell.exec(content);
    if (!found) throw new Error(`line ${line} has a quote that is not closed, or not at the cell's edge`);
    const [all, quoted, plain = '', end] = found;
    cells.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
    line += all.split('\n').length - 1;
    if (end === divider) continue;
    if (cells.some((each) => each !== '')) rows.push({ cells, line: opened });
    [cells, opened] = [[], line];
  }
  return rows;
}
