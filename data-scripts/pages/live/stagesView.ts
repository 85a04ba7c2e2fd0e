import { button, make, tableOf } from './dom';
import type { Engine } from './engine';
import type { BuiltBlock } from './messages';

const HEADINGS = [
  'block',
  'inplanes',
  'convolutions',
  'output',
  'stride',
  'dilation',
  'shortcut',
  'parameters',
  'multiply-adds',
];
const BLOCKS = ['BasicBlock', 'Bottleneck'];
const DEPTHS = [1, 2, 3, 4, 6, 8, 23];

const thousands = (value: number): string => value.toLocaleString('en');

/** Chapter 3's section 3.6: `_make_layer`, block by block. */
export function startStages(place: HTMLElement, engine: Engine): Promise<void> {
  const select = (
    label: string,
    values: readonly (string | number)[],
    chosen: string | number,
  ): HTMLSelectElement =>
    make(
      'select',
      { 'aria-label': label },
      ...values.map((value) =>
        make('option', { value: String(value), selected: value === chosen }, String(value)),
      ),
    );
  const block = select('Block', BLOCKS, 'BasicBlock');
  const depths = [2, 2, 2, 2].map((count, stage) => select(`Blocks of stage ${stage + 1}`, DEPTHS, count));
  const groups = select('Groups', [1, 2, 8, 32], 1);
  const width = select('Width per group', [4, 8, 32, 64, 128], 64);
  const dilated = [2, 3, 4].map((stage) =>
    make('input', { type: 'checkbox', 'aria-label': `Dilate stage ${stage}` }),
  );
  const status = make('p', { class: 'live-status', role: 'status' }, 'Choose, and build.');
  const table = make('tbody');
  let blocks: BuiltBlock[] = [];
  let shown = 0;

  const show = (upTo: number): void => {
    for (; shown < Math.min(upTo, blocks.length); shown++) {
      const { name, inplanes, convolutions, output, stride, dilation, projection, parameters, flops } =
        blocks[shown];
      const cells = [
        thousands(inplanes), convolutions, output, String(stride), String(dilation),
        projection ? 'projection' : 'identity', thousands(parameters), `${(flops / 1e6).toFixed(1)} M`,
      ]; // prettier-ignore
      table.append(
        make('tr', {}, make('th', { scope: 'row' }, name), ...cells.map((cell) => make('td', {}, cell))),
      );
    }
    const visible = blocks.slice(0, shown);
    const sum = (field: 'parameters' | 'flops'): string =>
      thousands(visible.reduce((all, each) => all + each[field], 0));
    status.textContent = `${shown} of ${blocks.length} blocks: ${sum('parameters')} parameters, ${sum('flops')} multiply-adds.`;
    next.disabled = all.disabled = shown >= blocks.length;
  };

  let turn = 0;
  const build = async (): Promise<void> => {
    const mine = ++turn;
    status.textContent = 'Building ...';
    next.disabled = all.disabled = true;
    table.replaceChildren();
    [blocks, shown] = [[], 0];
    try {
      const built = await engine.ask('build', {
        block: block.value,
        layers: depths.map(({ value }) => Number(value)),
        groups: Number(groups.value),
        width: Number(width.value),
        dilate: dilated.map(({ checked }) => checked),
        side: 224,
      });
      if (mine !== turn) return;
      blocks = built;
      show(1);
    } catch (error) {
      if (mine === turn) status.textContent = error instanceof Error ? error.message : String(error);
    }
    place.dataset.tensors = String(engine.tensors);
  };
  const next = button('Next block', undefined, () => show(shown + 1), { disabled: true });
  const all = button('All blocks', undefined, () => show(blocks.length), { disabled: true });
  place.replaceChildren(
    make(
      'div',
      { class: 'live-controls' },
      make('label', {}, 'block ', block),
      make('span', {}, 'depths ', ...depths),
      make('label', {}, 'groups ', groups),
      make('label', {}, 'width per group ', width),
      make(
        'span',
        {},
        'dilate stages ',
        ...dilated.flatMap((box, i) => [make('label', {}, ` ${i + 2} `, box)]),
      ),
    ),
    make(
      'div',
      { class: 'live-controls' },
      button('Build', undefined, () => void build()),
      next,
      all,
    ),
    status,
    tableOf('Blocks', HEADINGS, table),
  );
  return Promise.resolve();
}
