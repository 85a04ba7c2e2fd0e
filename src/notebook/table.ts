import { escapeHtml } from '../html';
import { show } from './display';

export type Cell = string | number | boolean | null | undefined;
export type Row = Readonly<Record<string, Cell>>;

export interface TableOptions {
  /** Which of the rows' fields are shown, in which order, under which headings: `{ params: 'Parameters' }`. Default: all, as named. */
  columns?: Readonly<Record<string, string>>;
  /** What the table shows; stands above it. */
  caption?: string;
  /** Rows set apart at the end, such as a total. */
  footer?: readonly Row[];
  /** Digits after the point of numbers that are no integers. Default: four significant digits. */
  digits?: number;
}

/** Shows records as a table below the cell: numbers to the right, with thousands set apart. */
export function showTable(rows: readonly Row[], options: TableOptions = {}): void {
  show({ 'text/html': tableHtml(rows, options), 'text/plain': tableText(rows, options) });
}

/** The columns: their fields and headings, and whether all that stands in them are numbers. */
function columnsOf(rows: readonly Row[], { columns, footer = [] }: TableOptions) {
  const all = [...rows, ...footer];
  const fields = [...new Set(all.flatMap((row) => Object.keys(row)))];
  const named = columns ? Object.entries(columns) : fields.map((field) => [field, field] as const);
  return named.map(([key, heading]) => {
    const filled = all.map((row) => row[key] ?? undefined).filter((cell) => cell !== undefined);
    return { key, heading, numeric: filled.length > 0 && filled.every((cell) => typeof cell === 'number') };
  });
}

/** A cell as it is written: 25,557,032; 0.9312; "yes" and "no"; nothing where there is nothing. */
export function cellText(cell: Cell, digits?: number): string {
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  if (typeof cell !== 'number') return cell ?? '';
  if (!Number.isFinite(cell)) return String(cell);
  if (Number.isInteger(cell)) return cell.toLocaleString('en');
  if (digits !== undefined) {
    return cell.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }
  if (Math.abs(cell) < 1e-4) return cell.toExponential(2);
  return cell.toLocaleString('en', { maximumSignificantDigits: Math.abs(cell) >= 1e4 ? 6 : 4 });
}

/** A table with more columns is set smaller, so that it fits a page of 1,280 pixels. */
const MOST_COLUMNS = 6;

export function tableHtml(rows: readonly Row[], options: TableOptions = {}): string {
  const { caption, footer = [], digits } = options;
  const columns = columnsOf(rows, options);
  const isWide = columns.length > MOST_COLUMNS;
  const padding = isWide ? ';padding:0.25em 0.5em' : '';
  const align = (numeric: boolean) => `text-align:${numeric ? 'right' : 'left'}${padding}`;
  const head = columns
    .map((c) => `<th scope="col" style="${align(c.numeric)}">${escapeHtml(c.heading)}</th>`)
    .join('');
  const body = (some: readonly Row[], style = '') =>
    some
      .map((row) => {
        const cells = columns.map(({ key, numeric }, index) => {
          const text = escapeHtml(cellText(row[key], digits));
          // The first column names the row, unless it is a number.
          const tag = index === 0 && !numeric ? 'th scope="row"' : 'td';
          const weight = tag === 'td' || style ? '' : ';font-weight:normal';
          return `<${tag} style="${align(numeric)};font-variant-numeric:tabular-nums${weight}${style}">${text}</${tag.slice(0, 2)}>`;
        });
        return `<tr>${cells.join('')}</tr>`;
      })
      .join('\n');
  const label = caption ? escapeHtml(caption) : '';
  const top = label && `<caption style="text-align:left;caption-side:top">${label}</caption>`;
  const foot = footer.length > 0 ? `<tfoot>${body(footer, ';font-weight:bold')}</tfoot>` : '';
  const region = label && ` role="region" aria-label="${label}"`;
  // Wide tables scroll in a box of their own, which the keyboard can reach.
  return `<div style="overflow-x:auto" tabindex="0"${region}><table class="dataframe"${isWide ? ' style="font-size:0.8em"' : ''}>${top}
<thead><tr>${head}</tr></thead>
<tbody>${body(rows)}</tbody>${foot}</table></div>`;
}

export function tableText(rows: readonly Row[], options: TableOptions = {}): string {
  const { caption, footer = [], digits } = options;
  const columns = columnsOf(rows, options);
  const lines = [
    columns.map((c) => c.heading),
    ...[...rows, ...footer].map((row) => columns.map((c) => cellText(row[c.key], digits))),
  ];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const padded = (cell: string, i: number) =>
    columns[i].numeric ? cell.padStart(widths[i]) : cell.padEnd(widths[i]);
  const text = lines.map((line) => line.map(padded).join('  ').trimEnd());
  text.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return [...(caption ? [caption] : []), ...text].join('\n');
}
