import { fail, fromReader, parse, programFromReader, Trouble, wholeNumber } from '../lib/reader.cjs';

const HELP = `npm run bench -- data [options]
npm run bench -- train [options]
npm run bench -- article [options]

data   times our DataLoader (ImageFolder, the train preset at 224, batches of 6) and, in turns with it, torchvision's with
       two workers on the same pictures; then each transform's speed and its difference from torchvision's, and the wait
       for data in a fine-tuning run
train  times steps of training and inference with ResNet-34 at 224, in float32 and bfloat16, and, in turns with them, torch's
article  fine-tunes ResNet-34 as the article does, 10 epochs on its pictures, in the fastest precision and in float32, and, an
       epoch at a time in turns with them, the article's script run by torch: as it is, in channels_last, and there with
       autocast where the processor has bfloat16; all from the same starting weights

Each writes what it measured into notebooks/records/bench-<name>.json.

  --torch PYTHON  a Python with torch and torchvision (default: none, only our side is timed)
  --pictures DIR  data: a folder with one folder a class (default: the workbook's training pictures);
                  article: a folder with train and eval in it
  --rounds N      data: epochs of each loader (default: 3); train: repetitions of each step (default: 12)
  --steps N       data: fine-tuning steps (default: 25; 0: leave them out)
  --epochs N      article (default: 10)
  --batch N       train: only this batch size, 6 or 32
  --record FILE   data, article: where to write the record
  --help, -h      this text

Measure on a quiet machine.`;

const OPTIONS = {
  torch: { type: 'string' },
  pictures: { type: 'string' },
  rounds: { type: 'string' },
  batch: { type: 'string' },
  epochs: { type: 'string', default: '10' },
  steps: { type: 'string', default: '25' },
  record: { type: 'string' },
} as const;

/** What starts TensorFlow is loaded when all words are right. */
async function main(): Promise<void> {
  const parsed = parse(HELP, { options: OPTIONS, allowPositionals: true });
  if (!parsed) return;
  const { values, positionals } = parsed;
  const torch = values.torch && programFromReader(values.torch);
  const pictures = values.pictures && fromReader(values.pictures);
  const record = values.record && fromReader(values.record);
  const what = positionals.join();
  if (what === 'train') {
    const batch = values.batch === undefined ? undefined : wholeNumber('batch', values.batch);
    const rounds = wholeNumber('rounds', values.rounds ?? '12');
    return (await import('./bench/train')).benchTrain({ torch, batch, rounds });
  }
  if (what === 'article') {
    const epochs = wholeNumber('epochs', values.epochs);
    return (await import('./bench/article')).benchArticle({ torch, pictures, epochs, record });
  }
  if (what !== 'data') throw new Trouble(`What is to be timed, data, train or article?\n\n${HELP}`);
  const rounds = wholeNumber('rounds', values.rounds ?? '3');
  const steps = wholeNumber('steps', values.steps, 0);
  await (await import('./bench/data')).benchData({ torch, pictures, rounds, steps, record });
}

main().catch(fail);
