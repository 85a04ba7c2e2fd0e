import { UserError } from './data/command';

/** What can be compared; a module is loaded only when it is asked for, for some load TensorFlow. */
const COMPARISONS: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  checkpoints: async (args) => (await import('./compare/checkpoints')).compareCheckpoints(args),
  pictures: async (args) => (await import('./compare/pictures')).comparePictures(args),
};

const HELP = `npm run compare -- ${Object.keys(COMPARISONS).join('|')} FOLDER --python PYTHON

Reads every file in a folder, and in those within it, with this library and with Python's, and says which come out equal.
The status is 1 where any differs.

  FOLDER           the files; nothing in it is changed
  --python PYTHON  a Python with torch and safetensors (checkpoints), or with Pillow (pictures)
  --verbose        pictures: name every file and what came of it
  --help, -h       this text`;

async function main([name, ...args]: string[]): Promise<number> {
  if ([name, ...args].some((arg) => arg === '--help' || arg === '-h')) {
    console.log(HELP);
    return 0;
  }
  if (!Object.hasOwn(COMPARISONS, name ?? ''))
    throw new UserError(`What is to be compared, ${Object.keys(COMPARISONS).join(' or ')}?\n\n${HELP}`);
  return COMPARISONS[name](args);
}

main(process.argv.slice(2)).then(
  (status) => (process.exitCode = status),
  (error: unknown) => {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
  },
);
