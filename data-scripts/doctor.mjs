// @ts-check
// npm run doctor: what is installed and works, what is not, and the one command that mends it. Changes nothing.
import { say } from './lib/log.mjs';
import { Trouble, fail } from './lib/reader.cjs';
import { needNode } from './setup/place.mjs';
import { look, parts } from './setup.mjs';

/** @param {string} name @param {string} text */
const line = (name, text) => `${name.padEnd(WIDTH)}  ${text}`;
const WIDTH = Math.max(...parts.map(({ name }) => name.length));
const needed = parts.filter(({ optional }) => !optional);

try {
  needNode();
  say(`✓ ${line('Node', `${process.versions.node}, ${process.platform} ${process.arch}`)}`);
  let bad = 0;
  for (const part of parts) {
    const { wrong, works } = await look(part);
    if (wrong && !part.optional) bad++;
    const lacking = part.optional
      ? `– ${line(part.name, `${wrong}; ${part.optional}`)}`
      : `✗ ${line(part.name, wrong ?? '')}`;
    say(wrong ? lacking : `✓ ${line(part.name, `${part.version()}, ${works}`)}`);
  }
  if (bad) throw new Trouble(`${bad} of ${needed.length} parts are not in order.`, 'npm run setup');
} catch (error) {
  fail(error);
}
