import { fail, fromReader, parse } from '../lib/reader.cjs';
import type { Command } from './data/command';
import { cifar10, cifar100 } from './data/cifar';
import { drawings } from './data/drawings';
import { photos } from './data/photos';
import { weights } from './data/weights';

const COMMANDS: readonly Command[] = [drawings, photos, cifar10, cifar100, weights];

/** `npm run data -- COMMAND [options]`: gets the data sets and weights that the notebooks work on. */
async function main(args: readonly string[]): Promise<void> {
  const command = COMMANDS.find(({ name }) => name === args[0]);
  if (!command) {
    const asked = args.length === 0 || args[0] === '--help' || args[0] === '-h';
    if (!asked) console.error(`There is no command ${args[0]}.`);
    console.log(overview());
    if (!asked) process.exitCode = 2;
    return;
  }
  const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = {
    'dry-run': { type: 'boolean', short: 'n' },
  };
  if (command.from) options.from = { type: 'string' };
  for (const name of Object.keys(command.options ?? {})) options[name] = { type: 'boolean' };
  const allowPositionals = command.operands !== undefined;
  const parsed = parse(usage(command), { args: args.slice(1), options, allowPositionals });
  if (!parsed) return;
  const { values, positionals } = parsed;
  await command.run({
    dryRun: values['dry-run'] === true,
    flags: new Set(Object.keys(values).filter((name) => values[name] === true)),
    from: typeof values.from === 'string' ? fromReader(values.from) : undefined,
    operands: positionals,
    say: (line) => console.log(line),
  });
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const list = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `npm run data -- COMMAND [options]\n\n${list.join('\n')}\n\nEach has --help and --dry-run.`;
}

function usage(command: Command): string {
  const rows: [string, string][] = Object.entries(command.options ?? {}).map(([name, text]) => [
    `--${name}`,
    text,
  ]);
  if (command.from) rows.unshift(['--from PATH', command.from]);
  rows.push(['--dry-run, -n', 'only say what would be done'], ['--help, -h', 'this text']);
  const width = Math.max(...rows.map(([name]) => name.length));
  const list = rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join('\n');
  const operands = command.operands ? ` ${command.operands}` : '';
  return `npm run data -- ${command.name}${operands} [options]\n\n${command.help}\n\n${list}`;
}

main(process.argv.slice(2)).catch(fail);
