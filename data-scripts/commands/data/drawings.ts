import { join } from 'node:path';
import { dataRoot } from '../../../src/locations';
import { formatSeconds, startProgress } from '../../../src/progress';
import { COUNTS, generate, isUpToDate, plan } from '../../drawings/generate';
import type { Command } from './command';

export const drawings: Command = {
  name: 'drawings',
  summary: 'draws the embedded picture set (cats, dogs, ants, bees) with canvas; no network',
  help: `Draws ${plan().length} pictures of cats, dogs, ants and bees into .data/drawings/{train,eval},
in the article's counts. The same pictures come out every time. A finished set is left alone
(until the drawing code changes), an interrupted run goes on where it stopped.`,
  options: { force: 'draw the set again even if it is there' },
  async run({ dryRun, flags, say }) {
    const folder = join(dataRoot(), 'drawings');
    if (!flags.has('force') && (await isUpToDate(folder))) return say(`The drawings are there: ${folder}`);
    const total = plan().length;
    const counts = (split: keyof typeof COUNTS): string => Object.values(COUNTS[split]).join('/');
    if (dryRun)
      return say(`Would draw ${total} pictures (${counts('train')} and ${counts('eval')}) into ${folder}`);
    const began = Date.now();
    const progress = startProgress(total, { label: 'Drawing', unit: 'pictures' });
    await generate(folder, (done) => progress.update(done));
    progress.done();
    say(`Drew ${total} pictures in ${formatSeconds((Date.now() - began) / 1000)}: ${folder}`);
  },
};
