// The live parts of all pages: notebooks/site/_static/live-start.js loads this once, when a reader asks for a part.
import { make } from './dom';
import { Engine } from './engine';
import { startPicture } from './pictureView';
import { startScale } from './scaleView';
import { startStages } from './stagesView';
import { startTraining } from './trainingView';

const parts: Record<string, (place: HTMLElement, engine: Engine) => Promise<void>> = {
  picture: startPicture,
  training: startTraining,
  stages: startStages,
  scale: startScale,
};

declare global {
  interface Window {
    workbookLive?: { start(place: HTMLElement): Promise<void> };
  }
}

window.workbookLive = {
  async start(place) {
    try {
      await parts[place.dataset.live ?? ''](place, await Engine.start());
      place.dataset.state = 'ready';
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      place.replaceChildren(make('p', { role: 'status' }, `This part can't run in this browser: ${why}`));
      place.dataset.state = 'failed';
    }
  },
};
