import { make } from './dom';
import { Engine } from './engine';

/** What fills a live part's place. */
export type Start = (place: HTMLElement, engine: Engine) => Promise<void>;

/** Starts a live part; where that fails, its place says why. */
export async function begin(place: HTMLElement, start: Start): Promise<void> {
  try {
    if (typeof WebAssembly !== 'object') throw new Error('it has no WebAssembly, or it is switched off.');
    await start(place, await Engine.start());
    place.dataset.state = 'ready';
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    place.replaceChildren(make('p', { role: 'status' }, `This part can't run in this browser: ${why}`));
    place.dataset.state = 'failed';
  }
}
