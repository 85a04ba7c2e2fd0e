const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text made safe to stand in HTML and SVG, in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** One look for all pages, in light and in dark. */
const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1, h2 { line-height: 1.2; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: 0.25em 0.75em; text-align: left; border-bottom: 1px solid #8884; font-variant-numeric: tabular-nums; }
th { font-weight: 600; vertical-align: bottom; }
.number { text-align: right; }
.much { background: #0072b2; color: #fff; }
.some { background: #0072b244; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none; }
.pictures img { max-width: 14rem; max-height: 14rem; display: block; }
.pictures li { max-width: 14rem; }
.pictures li.pair { max-width: 29rem; }
.pair div { display: flex; gap: 4px; }
pre { overflow-x: auto; padding: 0.75em; background: #8882; white-space: pre-wrap; }
`;

export interface PageOptions {
  /** What a page may load and run. Default: pictures that are in it, no script. */
  policy?: string;
  /** Further rules of style. */
  style?: string;
}

/** A page that stands alone: it has no script and may load nothing, whatever text it shows. @param body - HTML. */
export function htmlPage(
  title: string,
  body: string,
  { policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'", style = '' }: PageOptions = {},
): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}${style}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
</body>
</html>
`;
}

/** One cell of a table: its text, and a class of the page's style. A number stands to the right. */
export type HtmlCell = string | number | { text: string | number; style: 'much' | 'some' };

/** A table; the first cell of each row names it. */
export function htmlTable(headings: readonly string[], rows: readonly (readonly HtmlCell[])[]): string {
  const row = (cells: readonly HtmlCell[]): string => {
    const written = cells.map((cell, i) => {
      const { text, style = '' } = typeof cell === 'object' ? cell : { text: cell };
      const [tag, attribute] = i === 0 ? ['th', ' scope="row"'] : ['td', ''];
      const number = typeof text === 'number' ? 'number' : '';
      return `<${tag}${attribute} class="${`${number} ${style}`.trim()}">${escapeHtml(typeof text === 'number' ? text.toLocaleString('en') : text)}</${tag}>`;
    });
    return `<tr>${written.join('')}</tr>`;
  };
  const head = headings.map((each) => `<th scope="col">${escapeHtml(each)}</th>`).join('');
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead>\n<tbody>${rows.map(row).join('\n')}</tbody></table></div>`;
}
