// @ts-check
// npm run doctor: what is installed and works, what is not, and the one command that mends it. Changes nothing.
import { fail, say, Trouble } from './lib/log.mjs';
import { needNode, parts } from './setup.mjs';

const MEND = 'npm run setup';

/** @param {string} name @param {string} text */
const line = (name, text) => `${name.padEnd(WIDTH)}  ${text}`;
const WIDTH = Math.max(...parts.map(({ name }) => name.length));

try {
  needNode();
  say(`✓ ${line('Node', `${process.versions.node}, ${process.platform} ${process.arch}`)}`);
  let bad = 0;
  for (const part of parts) {
    let problem = part.missing();
    let works = '';
    if (!problem && part.live) {
      try {
        works = `, ${await part.live()}`;
      } catch (error) {
        problem = `does not work: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
    if (problem) bad++;
    say(problem ? `✗ ${line(part.name, problem)}` : `✓ ${line(part.name, `${part.version()}${works}`)}`);
  }
  if (bad) throw new Trouble(`${bad} of ${parts.length} parts are not in order.`, MEND);
} catch (error) {
  fail(error);
}
