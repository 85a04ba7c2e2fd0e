/** A name from a file, for the terminal: control characters could move its cursor. */
export const clean = (text: string): string => text.replace(/\p{C}/gu, '\u{fffd}');

/** A row of a table in CSV. */
export function csvLine(cells: readonly (string | number)[]): string {
  const quoted = cells.map((cell) =>
    /[",\r\n;\t]|^\s|\s$/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : String(cell),
  );
  return `${quoted.join(',')}\n`;
}
