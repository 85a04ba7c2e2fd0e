// A page that npm run export has made: one network, which answers at once. What it holds is in blocks of data, which no browser
// runs as scripts.
import type { ModelData } from '../bundle';
import { begin } from './begin';
import { make } from './dom';
import { startPicture } from './pictureView';

const textOf = (element: Element): string => element.textContent ?? '';
const place = document.querySelector<HTMLElement>('[data-live]');
const about = document.querySelector('#model');
if (place && about) {
  place.append(make('p', { role: 'status' }, 'Starting ...'));
  const model = JSON.parse(textOf(about)) as ModelData;
  const blocks = [...document.querySelectorAll('.weights')];
  model.weights.pieces = blocks.map(textOf);
  blocks.forEach((block) => block.remove()); // not to be kept twice
  void begin(place, (into, engine) => startPicture(into, engine, { model, pictures: [] }));
}
