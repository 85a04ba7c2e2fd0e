import { join } from 'node:path';
import { PICTURE_CLASSES } from '../../src/locations';
import { drawJpeg, plan } from '../drawings/generate';
import type { GalleryPicture } from './bundle';

/** Of the workbook's drawings: those that show well what the network knows, and one of a class that it never learnt. */
const HOME = {
  '0_cat/cat.013.jpg': 'A drawn cat',
  '1_dog/dog.009.jpg': 'A drawn dog',
  '0_cat/cat.009.jpg': 'Another drawn cat',
  '1_dog/dog.011.jpg': 'Another drawn dog',
  '2_ants/ant.003.jpg': 'A drawn ant, which is none of the ten classes',
};

/** One of each class. */
const CHAPTERS = {
  '0_cat/cat.013.jpg': 'A drawn cat',
  '1_dog/dog.009.jpg': 'A drawn dog',
  '2_ants/ant.003.jpg': 'A drawn ant',
  '3_bees/bee.003.jpg': 'A drawn bee',
};

function drawn(pictures: Record<string, string>): GalleryPicture[] {
  const all = plan();
  return Object.entries(pictures).map(([name, alt]) => {
    const planned = all.find(({ path }) => path === join('eval', name));
    if (!planned) throw new Error(`The drawings have no ${name}.`);
    return { name, alt, jpeg: drawJpeg(planned).toString('base64') };
  });
}

/** What the home page's network is asked first. */
export const homePictures = (): GalleryPicture[] => drawn(HOME);

/** What a model is asked first: drawings, where its classes are theirs. */
export const picturesFor = (classes: readonly string[]): GalleryPicture[] =>
  classes.join() === PICTURE_CLASSES.join() ? drawn(CHAPTERS) : [];
