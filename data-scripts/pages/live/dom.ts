type Attributes = Record<string, string | boolean | undefined>;

/** An element with attributes (true is written without a value, false and undefined not at all) and what it holds. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value);
  element.append(...children);
  return element;
}

/** A button; `pressed` makes it one that is on or off. */
export function button(
  label: string,
  pressed: boolean | undefined,
  onClick: () => void,
  more: Attributes = {},
): HTMLButtonElement {
  const state = pressed === undefined ? {} : { 'aria-pressed': String(pressed) };
  const element = make('button', { type: 'button', ...state, ...more }, label);
  element.addEventListener('click', onClick);
  return element;
}

/** Presses one of some buttons. */
export function press(buttons: Iterable<HTMLElement>, pressed: HTMLElement | undefined): void {
  for (const each of buttons) each.setAttribute('aria-pressed', String(each === pressed));
}

/** A table around its rows; where it is wider than the page, it scrolls by itself, by keyboard too. */
export function tableOf(name: string, headings: readonly string[], rows: HTMLElement): HTMLElement {
  const head = make(
    'thead',
    {},
    make('tr', {}, ...headings.map((text) => make('th', { scope: 'col' }, text))),
  );
  return make(
    'div',
    { class: 'live-wide', tabindex: '0', role: 'group', 'aria-label': name },
    make('table', { class: 'live-table' }, head, rows),
  );
}

export const percent = (part: number): string => `${(100 * part).toFixed(part < 0.1 ? 1 : 0)} %`;

const channels = (color: string): number[] => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

/** Paints numbers, row by row, a pixel each, in colours from `low` to `high`. */
export function paint(
  canvas: HTMLCanvasElement,
  values: readonly number[],
  width: number,
  [low, high]: readonly [number, number],
  palette: readonly string[],
): void {
  canvas.width = width;
  canvas.height = values.length / width;
  const context = canvas.getContext('2d');
  if (!context) return;
  const pixels = context.createImageData(canvas.width, canvas.height);
  const colors = palette.map(channels);
  values.forEach((value, i) => {
    const at = high > low ? Math.min(Math.max((value - low) / (high - low), 0), 1) * (colors.length - 1) : 0;
    const [before, part] = [
      Math.min(Math.floor(at), colors.length - 2),
      at - Math.min(Math.floor(at), colors.length - 2),
    ];
    for (let c = 0; c < 3; c++)
      pixels.data[4 * i + c] = colors[before][c] * (1 - part) + colors[before + 1][c] * part;
    pixels.data[4 * i + 3] = 255;
  });
  context.putImageData(pixels, 0, 0);
}
