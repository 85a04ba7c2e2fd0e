import { make, tableOf } from './dom';
import type { Engine } from './engine';

const COUNTS = [1, 4, 16];
const HEADINGS = ['units', 'distance of y from x', "gradient's size", "gradient's cosine"];

/** Chapter 2's section 2.3: the scale of the last normalization, by hand. */
export async function startScale(place: HTMLElement, engine: Engine): Promise<void> {
  const slider = make('input', { type: 'range', min: '0', max: '1', step: '0.05', value: '1' });
  const value = make('output', {}, '1');
  const relu = make('input', { type: 'checkbox' });
  const count = make('select', {}, ...COUNTS.map((each) => make('option', {}, String(each))));
  const status = make('p', { class: 'live-status', role: 'status' });
  const table = make('tbody');
  let wanted = 0;
  let computing = false;

  /** The newest position alone is computed: those that the reader has left meanwhile are passed over. */
  const update = async (): Promise<void> => {
    value.textContent = slider.value;
    wanted++;
    if (computing) return;
    computing = true;
    try {
      for (let done = -1; done !== wanted;) {
        done = wanted;
        const scale = Number(slider.value);
        const rows = await engine.ask('scaleUnits', {
          scale,
          relu: relu.checked,
          count: Number(count.value),
        });
        table.replaceChildren(
          ...rows.map(({ kind, distance, size, cosine }) =>
            make(
              'tr',
              {},
              make(
                'th',
                { scope: 'row' },
                kind === 'residual' && relu.checked ? 'residual, relu after the sum' : kind,
              ),
              ...[distance, size, cosine].map((number) =>
                // where nothing arrives there is no direction
                make('td', {}, Number.isFinite(number) ? number.toFixed(3) : 'none'),
              ),
            ),
          ),
        );
        const residual = rows.find(({ kind }) => kind === 'residual');
        status.textContent = `At scale ${scale} the residual units' output is ${residual?.distance.toFixed(3)} of x's length away from x.`;
        place.dataset.rows = JSON.stringify(rows);
        place.dataset.tensors = String(engine.tensors);
        place.dataset.scale = String(scale);
      }
    } catch (error) {
      status.textContent = error instanceof Error ? error.message : String(error);
    } finally {
      computing = false;
    }
  };
  for (const control of [slider, relu, count]) control.addEventListener('input', () => void update());
  place.replaceChildren(
    make(
      'div',
      { class: 'live-controls' },
      make('label', {}, 'scale of the last normalization ', slider),
      value,
      make('label', {}, relu, ' relu after the sum'),
      make('label', {}, 'units one after the other ', count),
    ),
    tableOf('What the units do', HEADINGS, table),
    status,
  );
  await update();
}
