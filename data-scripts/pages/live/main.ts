// The live parts of all pages: notebooks/site/_static/live-start.js loads this once, when a reader asks for a part.
import type { PageModel } from '../bundle';
import { type Start, begin } from './begin';
import { startPicture } from './pictureView';
import { startScale } from './scaleView';
import { startStages } from './stagesView';
import { startTraining } from './trainingView';

declare global {
  interface Window {
    workbookLive?: { start(place: HTMLElement): Promise<void> };
    /** By the name that a place has in data-model; each comes in a script of its own. */
    workbookModels?: Record<string, PageModel>;
  }
}

const parts: Record<string, Start> = {
  picture: (place, engine) => {
    const model = window.workbookModels?.[place.dataset.model ?? ''];
    if (!model) throw new Error('its network is missing.');
    return startPicture(place, engine, model);
  },
  training: startTraining,
  stages: startStages,
  scale: startScale,
};

window.workbookLive = { start: (place) => begin(place, parts[place.dataset.live ?? '']) };
