import { COLORS } from '../../../src/notebook/style';
import { button, make, percent, tableOf } from './dom';
import type { Engine } from './engine';

const DEPTHS = [8, 20, 32, 44];
const RATES = [0.0025, 0.005, 0.01];
const SMOOTHED = 10; // steps, as in the chapter's figure
const [WIDTH, HEIGHT, LEFT, BOTTOM] = [640, 260, 40, 30];
const HIGHEST = 2.5; // of the loss; guessing has 1.79
const STOPPED_MS = 100; // how often a run that pauses looks whether it goes on

/** One network's training. */
interface Curve {
  kind: string;
  color: string;
  losses: number[];
  errors: number[];
  milliseconds: number;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const lastOf = (values: readonly number[]): number => mean(values.slice(-SMOOTHED));

/** Chapter 1's section 1.4: kinds of networks that train side by side, a step each in turns. */
export async function startTraining(place: HTMLElement, engine: Engine): Promise<void> {
  const { kinds, steps } = await engine.ask('prepareShapes', undefined);
  let turn = 0; // another one ends what goes on
  let paused = false;

  const boxes = kinds.map((kind) => make('input', { type: 'checkbox', value: kind, checked: true }));
  const select = (name: string, values: readonly number[], chosen: number): HTMLSelectElement =>
    make(
      'select',
      { 'aria-label': name },
      ...values.map((value) =>
        make('option', { value: String(value), selected: value === chosen }, String(value)),
      ),
    );
  const [depth, rate] = [select('Depth', DEPTHS, 20), select('Learning rate', RATES, 0.005)];
  const status = make('p', { class: 'live-status', role: 'status' }, 'Nothing is running.');
  const chart = make('div', { class: 'live-chart' });
  const table = make('tbody');

  const show = (curves: readonly Curve[]): void => {
    chart.innerHTML = drawn(curves, steps);
    table.replaceChildren(
      ...curves.map(({ kind, losses, errors, milliseconds }) =>
        make(
          'tr',
          {},
          make('th', { scope: 'row' }, kind),
          ...[
            `${losses.length} of ${steps}`,
            losses.length > 0 ? lastOf(losses).toFixed(3) : '',
            errors.length > 0 ? percent(lastOf(errors)) : '',
            losses.length > 0 ? `${Math.round(milliseconds / losses.length)} ms` : '',
          ].map((text) => make('td', {}, text)),
        ),
      ),
    );
    place.dataset.losses = JSON.stringify(
      Object.fromEntries(curves.map(({ kind, losses }) => [kind, losses])),
    );
    place.dataset.tensors = String(engine.tensors);
  };

  const train = async (): Promise<void> => {
    const mine = ++turn;
    const chosen = boxes.filter(({ checked }) => checked).map(({ value }) => value);
    if (chosen.length === 0) {
      status.textContent = 'Choose at least one kind of network.';
      return;
    }
    place.dataset.training = 'on';
    setPaused(false);
    const setting = { depth: Number(depth.value), rate: Number(rate.value) };
    const curves = chosen.map((kind): Curve => {
      const color = COLORS[kinds.indexOf(kind)];
      return { kind, color, losses: [], errors: [], milliseconds: 0 };
    });
    status.textContent = `Training ${chosen.join(', ')} with ${setting.depth} layers at rate ${setting.rate}.`;
    show(curves);
    const runs: number[] = [];
    try {
      for (const kind of chosen) runs.push(await engine.ask('beginTraining', { kind, ...setting }));
      for (let step = 0; step < steps; step++)
        for (const [i, curve] of curves.entries()) {
          while (paused && mine === turn) {
            place.dataset.training = 'paused';
            await new Promise((resolve) => setTimeout(resolve, STOPPED_MS));
          }
          if (mine !== turn) return;
          place.dataset.training = 'on';
          const result = await engine.ask('trainStep', { run: runs[i] });
          if (!result || mine !== turn) continue;
          curve.losses.push(result.loss);
          curve.errors.push(result.error);
          curve.milliseconds += result.milliseconds;
          show(curves);
        }
      status.textContent =
        'Done: ' +
        curves.map(({ kind, losses }) => `${kind} ${lastOf(losses).toFixed(3)}`).join(', ') +
        ' (loss, mean of the last ten steps).';
    } catch (error) {
      status.textContent = error instanceof Error ? error.message : String(error);
    } finally {
      for (const run of runs) await engine.ask('endTraining', { run });
      if (mine === turn) {
        show(curves);
        place.dataset.training = 'off';
        setPaused(false);
        pause.disabled = true;
      }
    }
  };

  const pause = button('Pause', undefined, () => setPaused(!paused), { disabled: true });
  const setPaused = (now: boolean): void => {
    paused = now;
    pause.disabled = false;
    pause.textContent = now ? 'Go on' : 'Pause';
  };
  const begin = button('Train', undefined, () => {
    begin.textContent = 'Begin anew';
    void train();
  });
  place.replaceChildren(
    make(
      'div',
      { class: 'live-controls' },
      ...boxes.map((box) => make('label', {}, box, ` ${box.value}`)),
      make('label', {}, 'layers ', depth),
      make('label', {}, 'rate ', rate),
      begin,
      pause,
    ),
    status,
    chart,
    tableOf('Networks', ['network', 'step', 'loss', 'wrong answers', 'a step takes'], table),
  );
  show([]);
}

/** The losses, each the mean of the last ten, as an SVG; what it shows stands in the table too. */
function drawn(curves: readonly Curve[], steps: number): string {
  const x = (step: number): number => LEFT + ((WIDTH - LEFT - 10) * step) / (steps - 1);
  const y = (loss: number): number => 10 + (HEIGHT - BOTTOM - 10) * (1 - Math.min(loss, HIGHEST) / HIGHEST);
  const grid = [0, 0.5, 1, 1.5, 2, 2.5].map(
    (loss) =>
      `<path d="M${LEFT} ${y(loss)}H${WIDTH - 10}" class="grid"/><text x="${LEFT - 6}" y="${y(loss) + 4}" text-anchor="end">${loss}</text>`,
  );
  const marks = [0, 1, 2, 3].map((part) => {
    const step = Math.round((part * (steps - 1)) / 3);
    return `<text x="${x(step)}" y="${HEIGHT - 10}" text-anchor="middle">${step + 1}</text>`;
  });
  const lines = curves.map(({ kind, color, losses }, i) => {
    const points = losses.map(
      (_, step) => `${x(step).toFixed(1)} ${y(lastOf(losses.slice(0, step + 1))).toFixed(1)}`,
    );
    const label = `<text x="${LEFT + 10 + 110 * i}" y="${HEIGHT - BOTTOM - 8}" style="fill:${color}">${kind}</text>`;
    return points.length > 0
      ? `<path d="M${points.join('L')}" fill="none" stroke="${color}" stroke-width="2"/>${label}`
      : '';
  });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Training loss by step, mean of ten steps; the numbers stand in the table below">${[...grid, ...marks, ...lines].join('')}</svg>`;
}
