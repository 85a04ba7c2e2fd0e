import { fail, Trouble } from '../lib/reader.cjs';

/** What can be compared; a module is loaded only when it is asked for, for some load TensorFlow. */
const COMPARISONS: Readonly<Record<string, (args: string[], help: string) => Promise<number>>> = {
  checkpoints: async (args, help) => (await import('./compare/checkpoints')).compareCheckpoints(args, help),
  pictures: async (args, help) => (await import('./compare/pictures')).comparePictures(args, help),
};

const HELP = `npm run compare -- ${Object.keys(COMPARISONS).join('|')} FOLDER --python PYTHON

Reads every file in a folder, and in those within it, with this library and with Python's, and says which come out equal.
The status is 1 where any differs.

checkpoints  every state dict of a file, tensor by tensor, to the bit
pictures     sizes and pixels after Pillow's convert('RGB'), to the bit; each is also decoded in two parts, as
             RandomResizedCrop does: what comes of a file must not depend on the part

  FOLDER           the files; nothing in it is changed
  --python PYTHON  a Python with torch and safetensors (checkpoints), or with Pillow (pictures)
  --verbose        name every file and what came of it
  --help, -h       this text`;

async function main([name = '', ...args]: string[]): Promise<void> {
  if (name === '--help' || name === '-h') return console.log(HELP);
  if (!Object.hasOwn(COMPARISONS, name))
    throw new Trouble(`What is to be compared, ${Object.keys(COMPARISONS).join(' or ')}?\n\n${HELP}`);
  process.exitCode = await COMPARISONS[name](args, HELP);
}

main(process.argv.slice(2)).catch(fail);
