import { BLUE_RED, VIRIDIS } from '../../../src/notebook/style';
import type { ModelData, PageModel } from '../bundle';
import { button, make, paint, percent, press } from './dom';
import type { Engine } from './engine';
import type { Answer, Maps, Unit } from './messages';

/** Beyond this a photograph takes long to decode. */
const MOST_BYTES = 40e6;

const sizes = (shape: readonly number[]): string => shape.join(' × ');

const blobOf = (jpeg: string): Blob =>
  new Blob([Uint8Array.from(atob(jpeg), (char) => char.charCodeAt(0))], { type: 'image/jpeg' });

/** A network: choose a picture; see its answers, where they come from, and what a unit does with it. */
export async function startPicture(
  place: HTMLElement,
  engine: Engine,
  { model, pictures }: PageModel,
): Promise<void> {
  const { units } = await engine.ask('loadNetwork', model);
  const { cropSize, resizeSize } = model.transforms;
  const shownSize = `${sizes([cropSize, cropSize])} pixels`;
  const status = make('p', { class: 'live-status', role: 'status' });
  const shown = make('img', { alt: '' });
  const map = make('canvas', { class: 'live-map', 'aria-hidden': 'true' });
  const part = cropSize / resizeSize; // the map is of the middle, which the network is shown
  Object.assign(map.style, {
    inset: `${50 * (1 - part)}%`,
    width: `${100 * part}%`,
    height: `${100 * part}%`,
  });
  const seen = make('canvas', {
    class: 'live-seen',
    role: 'img',
    'aria-label': `What the network is shown: ${shownSize}`,
  });
  const answers = make('ol', { class: 'live-answers', 'aria-label': 'Answers, the likeliest first' });
  const detail = make('div', { class: 'live-unit' });
  const result = make('div', { hidden: true }); // until there is one
  const gallery = make('div', { class: 'live-gallery', role: 'group', 'aria-label': 'Pictures' });
  let answer: Answer | undefined;
  let chosenUnit = units[units.length - 1].name;
  let turn = 0;

  const showMap = (label: number): void => {
    const rows = answer?.activation[label];
    if (!rows) return;
    const values = rows.flat();
    paint(map, values, rows[0].length, [Math.min(...values), Math.max(...values)], VIRIDIS);
  };

  const showAnswers = ({ predictions }: Answer): void => {
    const items = predictions.map(({ label, category, probability }, i) => {
      const choose = button('', i === 0, () => {
        press(answers.querySelectorAll('button'), choose);
        showMap(label);
      });
      const bar = make('span', { class: 'live-bar', 'aria-hidden': 'true' });
      bar.style.setProperty('--part', String(probability));
      choose.append(make('span', {}, category), bar, make('span', {}, percent(probability)));
      return make('li', {}, choose);
    });
    answers.replaceChildren(...items);
    showMap(predictions[0].label);
  };

  const showUnit = async (): Promise<void> => {
    const name = chosenUnit;
    const unit = await engine.ask('unit', { name });
    if (name === chosenUnit) detail.replaceChildren(...unitRows(name, unit));
    place.dataset.tensors = String(engine.tensors);
  };

  const look = async (picture: Blob, what: string): Promise<void> => {
    const mine = ++turn;
    status.textContent = 'Looking ...';
    try {
      if (picture.size > MOST_BYTES) throw new Error('The file is larger than 40 MB.');
      const found = await engine.ask('look', { picture });
      if (mine !== turn) return;
      answer = found;
      URL.revokeObjectURL(shown.src);
      shown.src = URL.createObjectURL(picture);
      shown.alt = what;
      paintPixels(seen, found.seen);
      showAnswers(found);
      result.hidden = false;
      await showUnit();
      const [first] = found.predictions;
      status.textContent =
        `${what}: ${first.category}, ${percent(first.probability)}. ` +
        (found.unlike ? 'It is unlike all that the network was trained on: perhaps none of these. ' : '') +
        `Computed here in ${Math.round(found.milliseconds)} ms.`;
      // for tests and for whoever asks more exactly
      place.dataset.logits = JSON.stringify(found.logits);
      place.dataset.answers = String(mine);
    } catch (error) {
      if (mine === turn) status.textContent = error instanceof Error ? error.message : String(error);
    }
  };

  const file = make('input', { type: 'file', accept: 'image/*' });
  const take = (chosen: File | undefined): void => {
    if (!chosen) return;
    press(gallery.querySelectorAll('button'), undefined);
    void look(chosen, 'Your picture');
  };
  file.addEventListener('change', () => take(file.files?.[0]));
  const drop = make('label', { class: 'live-drop' }, 'Choose a picture, or drop one here ', file);
  for (const type of ['dragover', 'dragleave', 'drop'])
    drop.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.toggle('over', type === 'dragover');
      if (type === 'drop') take((event as DragEvent).dataTransfer?.files[0]);
    });
  for (const { name, alt, jpeg } of pictures) {
    const choose = button('', false, () => {
      press(gallery.querySelectorAll('button'), choose);
      void look(blobOf(jpeg), alt);
    });
    choose.dataset.picture = name;
    choose.append(make('img', { src: URL.createObjectURL(blobOf(jpeg)), alt }));
    gallery.append(choose);
  }

  const overlay = make('input', { type: 'checkbox', checked: true });
  overlay.addEventListener('change', () => map.classList.toggle('off', !overlay.checked));
  result.append(
    make(
      'div',
      { class: 'live-look' },
      make('div', { class: 'live-picture' }, shown, map),
      make(
        'div',
        {},
        answers,
        make(
          'label',
          {},
          overlay,
          ' show over the picture where the answer comes from (bright speaks for it)',
        ),
        make(
          'div',
          { class: 'live-input' },
          seen,
          make('span', {}, `what the network is shown: ${shownSize}`),
        ),
      ),
    ),
    make('p', {}, 'The network, from left to right. Choose a unit to see what it does with the picture.'),
    drawNetwork(units, model, chosenUnit, (name) => {
      chosenUnit = name;
      void showUnit();
    }),
    detail,
  );
  place.replaceChildren(
    ...(pictures.length > 0 ? [gallery] : []),
    drop,
    make(
      'p',
      { class: 'live-note' },
      'The picture stays in this browser. A browser decodes a JPEG a little differently from this library, ' +
        'so that its numbers differ a little too; a PNG gives the same.',
    ),
    ...(model.rounding ? [make('p', { class: 'live-note' }, model.rounding)] : []),
    status,
    result,
  );
  gallery.querySelector('button')?.click();
}

/** The network as a row of units in stages; a stage has one size. */
function drawNetwork(
  units: readonly { name: string; shape: number[] }[],
  { architecture, classes }: ModelData,
  first: string,
  choose: (name: string) => void,
): HTMLElement {
  const drawing = make('div', { class: 'live-network', role: 'group', 'aria-label': 'Units of the network' });
  const part = (label: string): HTMLElement => make('span', { class: 'live-layer' }, label);
  const stages = new Map<string, HTMLElement>();
  drawing.append(part(architecture.kind === 'cifar' ? 'conv 3 × 3' : 'conv 7 × 7, pool'));
  for (const { name, shape } of units) {
    const [stage, index] = name.replace('layer', '').split('.');
    let box = stages.get(stage);
    if (!box) {
      box = make('span', { class: 'live-stage' }, make('span', { class: 'live-size' }, sizes(shape)));
      stages.set(stage, box);
      drawing.append(box);
    }
    const each = button(`${stage}.${index}`, name === first, () => {
      press(drawing.querySelectorAll('button'), each);
      choose(name);
    });
    each.setAttribute('aria-label', `Unit ${stage}.${index}, ${sizes(shape)}`);
    each.dataset.unit = name;
    box.append(each);
  }
  drawing.append(part('average'), part(`fc, ${classes.length}`));
  return drawing;
}

/** x, F(x) and y of a unit: a row each, all in one colour scale. */
function unitRows(name: string, { channels, x, residual, y, input }: Unit): HTMLElement[] {
  const fitted = input.join() !== x.shape.join();
  const largest = Math.max(...[x, residual, y].flatMap(({ maps }) => maps.flat().map(Math.abs)));
  const row = (label: string, what: string, { shape, maps }: Maps): HTMLElement => {
    const canvases = maps.map((values) => {
      const canvas = make('canvas', { 'aria-hidden': 'true' });
      paint(canvas, values, shape[1], [-largest, largest], BLUE_RED);
      return canvas;
    });
    const size = Math.sqrt(maps.flat().reduce((sum, value) => sum + value ** 2, 0) / maps.flat().length);
    return make(
      'div',
      {
        class: 'live-row',
        role: 'img',
        'aria-label': `${label}, ${what}: ${sizes(shape)}, usual size ${size.toFixed(2)}`,
      },
      make('span', {}, make('b', {}, label), ` ${what}`),
      make('span', { class: 'live-maps' }, ...canvases),
    );
  };
  return [
    make(
      'p',
      {},
      `${name.replace('layer', 'Unit ')}: the ${channels.length} channels that F(x) changes most (${channels.join(', ')}), ` +
        `blue below 0, red above, up to ${largest.toFixed(1)}.`,
    ),
    row('x', fitted ? `${sizes(input)}, fitted to F(x) by the shortcut` : 'what comes in', x),
    row('F(x)', 'what its convolutions add', residual),
    row('y', 'relu(F(x) + x)', y),
  ];
}

/** RGB of a square picture. */
function paintPixels(canvas: HTMLCanvasElement, rgb: Uint8Array): void {
  const side = Math.sqrt(rgb.length / 3);
  canvas.width = canvas.height = side;
  const context = canvas.getContext('2d');
  if (!context) return;
  const pixels = context.createImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    pixels.data.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i);
    pixels.data[4 * i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}
