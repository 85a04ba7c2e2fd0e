import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically, withPath } from '../../../src/checkpoint/file';
import { escapeHtml, htmlPage } from '../../../src/html';
import { projectRoot } from '../../../src/locations';
import { cardBody } from '../../../src/models/cardPage';
import type { Network } from '../../../src/models/backbones';
import type { ModelCard } from '../../../src/models/modelCard';
import { bundleWithWorker, type ModelData } from '../../pages/bundle';
import { modelData } from '../../pages/modelData';

/** Colours that the workbook's pages have from their theme. */
const STYLE = `
:root { --pst-color-background: #fff; --pst-color-border: #c9cdd3; --pst-color-surface: #f3f4f5; --pst-color-text-base: #222832; --pst-color-text-muted: #48566b; --pst-color-primary: #0a7d91; }
@media (prefers-color-scheme: dark) {
  :root { --pst-color-background: #14181e; --pst-color-border: #48566b; --pst-color-surface: #29313d; --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af; --pst-color-primary: #3fb1c5; }
}
body { background: var(--pst-color-background); color: var(--pst-color-text-base); }
@media print { .live { display: block; } }
`;

/**
 * Writes one HTML file in which a model answers pictures, anywhere and offline.
 *
 * @returns what the page holds of it.
 */
export async function savePage(target: string, network: Network, card: ModelCard): Promise<ModelData> {
  const model = modelData(network, card);
  const script = await bundleWithWorker('exported.ts', 'answering.ts');
  if (/<\/script|<!--/i.test(script)) throw new Error('The page’s script holds what would end it in HTML.');
  const style = readFileSync(join(projectRoot(), 'notebooks', 'site', '_static', 'live.css'), 'utf8');
  const page = htmlPage(titleOf(card), body(card, model, script), {
    policy: policyFor(script),
    style: style + STYLE,
  });
  withPath(target, 'write', () => writeAtomically(target, (write) => write(Buffer.from(page))));
  return model;
}

/** One script runs, and nothing is asked of the outside, whatever the card's texts say. Its worker, made of text, inherits this. */
const policyFor = (script: string): string =>
  [
    "default-src 'none'",
    `script-src 'sha256-${createHash('sha256').update(script).digest('base64')}' 'wasm-unsafe-eval'`,
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'img-src data: blob:',
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ');

const titleOf = ({ classes }: ModelCard): string =>
  classes.length > 6 ? `A model of ${classes.length} classes` : `A model of ${classes.join(', ')}`;

function body(card: ModelCard, model: ModelData, script: string): string {
  const { pieces, ...weights } = model.weights;
  const about = JSON.stringify({ ...model, weights }).replaceAll('<', '\\u003c');
  return [
    '<p>Choose a picture, or drop one: the model answers here, in this browser. This file holds all of it, and asks nothing ' +
      'of any network.</p>',
    '<div class="live" data-live="picture"><noscript><p>Scripts are off in this browser, so the model does not run.</p></noscript></div>',
    `<details><summary>What is known of this ${escapeHtml(card.backbone)}</summary>\n${cardBody(card)}\n</details>`,
    `<script type="application/json" id="model">${about}</script>`,
    ...pieces.map((piece) => `<script type="text/plain" class="weights">${piece}</script>`),
    `<script>${script}</script>`,
  ].join('\n');
}
