import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { InputFile, MAX_HEADER_BYTES, withPath, writeAtomically } from '../checkpoint/file';
import { loadCheckpoint } from '../checkpoint/load';
import { saveSafetensors } from '../checkpoint/safetensors';
import { imageClassification } from '../data/presets';
import type { Compose } from '../data/transforms';
import { CheckpointError, quote, refuse } from '../state/error';
import { type Network, backboneWeights, buildBackbone } from './backbones';
import { FieldError } from './cardFields';
import { cardPage } from './cardPage';
import { CARD_FORMAT, type Likeness, type ModelCard, parseCard } from './modelCard';

/*
 * A model of the reader's own is a folder:
 *   model.safetensors   the network's weights, by torch's names
 *   card.json           what they are and how good they are: a ModelCard
 *   card.html           the same, to be read
 */

/** A network, and what it takes to use it. */
export interface Model {
  /** In evaluation mode; its last layer is `fc`. */
  network: Network;
  /** Names of the classes, in the order of the network's outputs. */
  classes: readonly string[];
  /** Makes of a picture what goes into the network, as in the model's training. */
  transform: Compose;
  /** By what a picture is known to be unlike all that the model was trained on, where that was measured. */
  likeness?: Likeness;
  /** What is known of a model that was loaded from a folder; torchvision's have none. */
  card?: ModelCard;
  /** Frees the network. */
  dispose(): void;
}

const WEIGHTS = 'model.safetensors';
const CARD = 'card.json';
const PAGE = 'card.html';

/**
 * Writes a model's folder, or replaces the model in one; what else lies there stays. Each file is written whole or not at
 * all, the card last: if that is cut off in between, `loadModel` says that card and weights are not of one kind.
 *
 * @param card - all but what follows from the weights.
 * @returns the whole card.
 * @throws Error when the card says something else than the network is; CheckpointError when the folder holds other files of
 *   these names, or cannot be written.
 */
export function saveModel(
  folder: string,
  network: Network,
  card: Omit<ModelCard, 'format' | 'sha256'>,
): ModelCard {
  checkAgainst(network, card);
  const [weights, json] = [WEIGHTS, CARD].map((name) => join(folder, name));
  if (existsSync(json))
    readCard(folder); // throws where it is something else's
  else if (existsSync(weights)) refuse(`${folder} holds a ${WEIGHTS} of something else; name another folder`);
  withPath(folder, 'write', () => mkdirSync(folder, { recursive: true }));
  const { classes, backbone, transforms, likeness, training } = card;
  const write = (name: string, content: string): void => {
    const path = join(folder, name);
    withPath(path, 'write', () => writeAtomically(path, (put) => put(Buffer.from(content))));
  };
  saveSafetensors(weights, network.stateDict(), { metadata: { format: 'pt' } });
  const sha256 = hashOf(weights);
  const whole: ModelCard = { format: CARD_FORMAT, classes, backbone, transforms, sha256, likeness, training };
  write(CARD, `${JSON.stringify(whole, null, 1)}\n`);
  write(PAGE, cardPage(whole));
  return whole;
}

/**
 * Opens a model's folder. Nothing in it is believed unchecked: no name leads out of the folder, no file is read that is
 * larger than the network that the card names, and nothing is executed.
 *
 * @returns the model, in evaluation mode, which the caller disposes of.
 * @throws CheckpointError, in one line, when the folder is no model, is damaged, or its weights are not those of its card.
 */
export function loadModel(folder: string): Model {
  const card = readCard(folder);
  const path = within(folder, WEIGHTS);
  const network = buildBackbone(card.backbone, card.classes.length);
  try {
    const values = network.namedTensors().reduce((sum, [, { size }]) => sum + size, 0);
    withPath(path, 'read', () =>
      InputFile.with(path, ({ size }) => {
        if (size > 8 * values + MAX_HEADER_BYTES)
          refuse(`it has ${size} bytes, more than a ${card.backbone} can fill; copy the model folder again`);
      }),
    );
    if (hashOf(path) !== card.sha256)
      refuse(
        `cannot use ${path}: it is not the file that ${CARD} was written for (its SHA-256 is another). ` +
          'Copy or train the model again.',
      );
    try {
      network.loadStateDict(loadCheckpoint(path));
    } catch (error) {
      if (error instanceof CheckpointError || !(error instanceof Error)) throw error;
      refuse(`cannot use ${path}: ${error.message.split('\n').slice(0, 2).join(' ')}`, { cause: error });
    }
    checkMeans(card, network);
    return {
      network: network.eval(),
      classes: card.classes,
      transform: imageClassification(card.transforms),
      likeness: card.likeness,
      card,
      dispose: () => network.dispose(),
    };
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/**
 * A network with the weights that are published for it, and ImageNet's (or CIFAR-10's) classes: `publishedModel('resnet34')`.
 *
 * @throws Error when there is no network of this name, or its weights cannot be had.
 */
export async function publishedModel(name: string): Promise<Model> {
  const weights = backboneWeights(name);
  const stateDict = await weights.getStateDict();
  const classes = weights.meta.categories;
  const network = buildBackbone(name, classes.length);
  try {
    network.loadStateDict(stateDict);
  } catch (error) {
    network.dispose();
    throw error;
  }
  const transform = imageClassification(weights.transforms);
  return { network: network.eval(), classes, transform, dispose: () => network.dispose() };
}

/** Throws unless the card's means are as many as the network has features, for each class. */
function checkMeans({ classes, likeness }: ModelCard, { fc }: Network): void {
  const bytes = 4 * classes.length * fc.inFeatures;
  const came = likeness && Buffer.from(likeness.means, 'base64').length;
  if (came !== undefined && came !== bytes)
    refuse(
      `its ${CARD} is not the card of its network: likeness.means has ${came} bytes, not ${bytes}. Train it again.`,
    );
}

/** The card of a model's folder, checked. */
function readCard(folder: string): ModelCard {
  const path = within(folder, CARD);
  const say = (what: string, cause?: unknown): never =>
    refuse(`${path} is not the card of a model: ${what}. \`npm run train\` writes one.`, { cause });
  const bytes = withPath(path, 'read', () =>
    InputFile.with(path, (input) => {
      if (input.size > MAX_HEADER_BYTES)
        refuse(`it has ${input.size} bytes; a card has at most ${MAX_HEADER_BYTES}`);
      return input.read(0, input.size);
    }),
  );
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    return say('it is not JSON in UTF-8', cause);
  }
  try {
    return parseCard(json);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    return say(error.message, error);
  }
}

/** The path of a file that lies in a folder itself, not at the end of a link that leads out of it. */
function within(folder: string, name: string): string {
  const path = join(folder, name);
  if (!existsSync(path))
    refuse(`${folder} is no model: it has no ${name}. \`npm run train\` makes such a folder.`);
  return withPath(path, 'read', () => {
    if (!realpathSync(path).startsWith(realpathSync(folder) + sep))
      refuse('it is a link out of the model folder');
    return path;
  });
}

function hashOf(path: string): string {
  return withPath(path, 'read', () =>
    InputFile.with(path, (input) => {
      const hash = createHash('sha256');
      const chunk = 2 ** 24;
      for (let at = 0; at < input.size; at += chunk)
        hash.update(input.buffer(at, Math.min(chunk, input.size - at)));
      return hash.digest('hex');
    }),
  );
}

/** Throws where the network is not the one that the card names. */
function checkAgainst(
  network: Network,
  { backbone, classes }: Pick<ModelCard, 'backbone' | 'classes'>,
): void {
  const shapes = (each: Network): string[] =>
    each.namedTensors().map(([name, { torchShape }]) => `${quote(name)} [${torchShape.join(', ')}]`);
  const wanted = buildBackbone(backbone, classes.length);
  const [there, expected] = [network, wanted].map(shapes);
  wanted.dispose();
  const at = expected.findIndex((shape, i) => shape !== there[i]);
  if (at < 0 && there.length === expected.length) return;
  throw new Error(
    `saveModel: a ${backbone} of ${classes.length} classes has ${expected[at] ?? 'nothing more'} ` +
      `where the network has ${there[at < 0 ? expected.length : at] ?? 'nothing more'}.`,
  );
}
