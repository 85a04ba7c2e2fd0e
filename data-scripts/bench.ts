import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { benchData } from './bench/data';
import { UserError } from './data/command';

const HELP = `npm run bench -- data [options]

Times our DataLoader (ImageFolder, the train preset at 224, batches of 6) and, in turns with it, torchvision's with two
workers on the same pictures; then each transform's
speed and its difference from torchvision's, and the wait for data in a fine-tuning run. Writes notebooks/records/bench-data.json.

  --torch PYTHON  a Python with torch and torchvision (default: none, only our loader is timed)
  --pictures DIR  a folder with one folder a class (default: the workbook's training pictures)
  --rounds N      epochs of each loader (default: 3)
  --steps N       fine-tuning steps (default: 25; 0: leave them out)
  --record FILE   where to write the record
  --help, -h      this text

Measure on a quiet machine.`;

const OPTIONS = {
  torch: { type: 'string' },
  pictures: { type: 'string' },
  rounds: { type: 'string', default: '3' },
  steps: { type: 'string', default: '25' },
  record: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n\n${HELP}`);
  }
}

function count(name: string, text: string, lowest: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < lowest)
    throw new UserError(`--${name} must be a whole number from ${lowest}, got ${text}.`);
  return number;
}

async function main(): Promise<void> {
  const { values, positionals } = parse(process.argv.slice(2));
  if (values.help) return console.log(HELP);
  if (positionals.join() !== 'data') throw new UserError(`What is to be timed?\n\n${HELP}`);
  // npm changes into the project's root; a relative path is meant from where the reader typed it.
  const path = (text?: string) => text && resolve(process.env.INIT_CWD ?? '', text);
  await benchData({
    torch: values.torch?.includes('/') ? path(values.torch) : values.torch,
    pictures: path(values.pictures),
    rounds: count('rounds', values.rounds, 1),
    steps: count('steps', values.steps, 0),
    record: path(values.record),
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error && error.name !== 'TypeError' ? error.message : error);
  process.exitCode = 1;
});
