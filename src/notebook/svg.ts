import { escapeHtml } from '../html';
import { TEXT_COLOR } from './style';

/** A drawing of this size in pixels, no wider than the page; `words` say what it shows to those who don't see it. */
export function svgDrawing(width: number, height: number, words: string, parts: readonly string[]): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" ` +
    `aria-label="${escapeHtml(words)}" style="max-width:100%;height:auto;font-family:system-ui,sans-serif">${parts.join('')}</svg>`
  );
}

/** A label of 13 pixels that begins at x and stands on y; `more` holds other attributes. */
export function svgText(x: number, y: number, label: string, more = ''): string {
  const size = more.includes('font-size') ? '' : 'font-size="13"';
  return `<text x="${x}" y="${y}" fill="${TEXT_COLOR}" ${size} ${more}>${escapeHtml(label)}</text>`;
}
