import { basename } from 'node:path';
import { loadCheckpoint } from '../../src/checkpoint/load';
import { CIFAR10 } from '../../src/data/cifar';
import { DataLoader } from '../../src/data/loader';
import { cifar10Folder } from '../../src/locations';
import { IMAGENET_MEAN, IMAGENET_STD, cifarEvalTransform } from '../../src/data/presets';
import { CifarResNet, type ShortcutOption } from '../../src/models/cifar';
import { CrossEntropyLoss } from '../../src/nn/loss';
import { evaluate } from '../../src/training/evaluate';
import { fail, parse, Trouble, wholeNumber } from '../lib/reader.cjs';

const DEPTHS = [20, 32, 44, 56, 110];
const NAMES = ['resnet', 'plain'].flatMap((kind) => DEPTHS.map((depth) => `${kind}${depth}_cifar`));

const HELP = `npm run evaluate -- --model NAME --checkpoint FILE [--cifar10 DIR] [options]

Measures the accuracy of a checkpoint on CIFAR-10's 10,000 test images.

  --model NAME       ${NAMES.slice(0, DEPTHS.length).join(', ')},
                     or one of their plain twins (plain20_cifar ...)
  --checkpoint FILE  .th, .pth or .pt of torch.save, or .safetensors
  --key NAME         the entry of the file that holds the weights, such as model_state_dict, if it has several
  --cifar10 DIR      folder of CIFAR-10's binary files (default: where npm run data -- cifar10 puts them)
  --shortcut OPTION  A, B or C of the paper's section 4.1 (default: A, as the published checkpoints)
  --mean R,G,B       taken off pixels from 0 to 1 (default: ImageNet's ${IMAGENET_MEAN.join(',')},
                     with which the published checkpoints were trained, though the images are CIFAR-10's)
  --std R,G,B        what is left is divided by these (default: ImageNet's ${IMAGENET_STD.join(',')})
  --batch-size N     images at a time (default: 200); changes the speed only
  --json             print an object with accuracy (in percent), correct, images and loss; all else goes to stderr
  --help, -h         this text

Published checkpoints: github.com/akamaster/pytorch_resnet_cifar10/tree/master/pretrained_models`;

const OPTIONS = {
  model: { type: 'string' },
  checkpoint: { type: 'string' },
  key: { type: 'string' },
  cifar10: { type: 'string' },
  shortcut: { type: 'string', default: 'A' },
  mean: { type: 'string', default: IMAGENET_MEAN.join(',') },
  std: { type: 'string', default: IMAGENET_STD.join(',') },
  'batch-size': { type: 'string', default: '200' },
  json: { type: 'boolean', default: false },
} as const;

/** Three numbers, "0.485,0.456,0.406". */
function triple(name: string, text: string, lowest: number): number[] {
  const numbers = text.split(',').map(Number);
  if (numbers.length !== 3 || numbers.some((each) => !(each >= lowest && each <= 255))) {
    throw new Trouble(
      `--${name} must be three numbers with commas between them (red,green,blue), got ${text}.`,
    );
  }
  return numbers;
}

function buildModel(name: string | undefined, shortcut: string): CifarResNet {
  const match = /^(resnet|plain)(\d+)_cifar$/.exec(name ?? '');
  if (name === undefined || match === null || !NAMES.includes(name)) {
    const came = name === undefined ? 'it is missing' : `got ${name}`;
    throw new Trouble(`--model must be one of ${NAMES.join(', ')}; ${came}.`);
  }
  if (!['A', 'B', 'C'].includes(shortcut))
    throw new Trouble(`--shortcut must be A, B or C, got ${shortcut}.`);
  const [, kind, depth] = match;
  return new CifarResNet(Number(depth), {
    shortcut: kind === 'plain' ? 'none' : (shortcut as ShortcutOption),
  });
}

async function main(): Promise<void> {
  const parsed = parse(HELP, { options: OPTIONS });
  if (!parsed) return;
  const { values } = parsed;
  const { checkpoint, json } = values;
  const say = json ? console.error : console.log;
  const mean = triple('mean', values.mean, 0);
  const std = triple('std', values.std, 1e-6);
  const batchSize = wholeNumber('batch-size', values['batch-size']);
  const model = buildModel(values.model, values.shortcut);
  if (checkpoint === undefined) throw new Trouble('--checkpoint is missing: which file? (--help says more)');
  model.loadStateDict(loadCheckpoint(checkpoint, { key: values.key }));

  const transform = cifarEvalTransform({ mean, std });
  const images = CIFAR10.open(values.cifar10 ?? cifar10Folder(), { train: false, transform });
  say(`${values.model} from ${basename(checkpoint)}, ${images.length} test images of CIFAR-10`);
  say(`pixels normalized with mean ${mean.join(', ')} and deviation ${std.join(', ')}`);
  const { loss, predictions, labels } = await evaluate(
    model,
    new CrossEntropyLoss(),
    new DataLoader(images, { batchSize }),
  );
  const correct = predictions.filter((prediction, i) => prediction === labels[i]).length;
  const accuracy = (100 * correct) / images.length;
  if (json) {
    console.log(JSON.stringify({ accuracy, correct, images: images.length, loss, model: values.model }));
  }
  say(`accuracy ${accuracy.toFixed(2)} %`);
}

main().catch(fail);
