// @ts-check
// npm test -- --node 26: the project on another Node, which npm brings, in a copy: nothing of the reader's is touched.
import fs from 'node:fs';
import path from 'node:path';
import { npm } from './npm.mjs';
import { platform } from './native.mjs';
import { step } from '../lib/log.mjs';
import { build, cache, inRoot, modules, root, venv } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';

/** What is not part of the project, or is made by its set-up. */
const LEFT_OUT = ['.git', '.data', 'site'].map((name) => inRoot(name)).concat(cache);
/** Taken along for speed: set-up looks whether it fits the copy, and mends it. */
const TAKEN_ALONG = [modules, venv, build];

/**
 * @param {string} version of Node: 26, 24.1, ...
 * @param {readonly string[]} args for data-scripts/test.mjs
 * @returns {Promise<number>} its exit status
 */
export async function testOnNode(version, args) {
  const place = path.join(cache, `node-${version}`);
  const copy = path.join(place, 'project');
  const name = `node-${platform}`;
  const node = path.join(place, 'node_modules', name, 'bin', 'node');
  await step(`Node ${version}`, async () => {
    const [command, ...before] = npm();
    const options = ['--prefix', place, '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'];
    fs.mkdirSync(place, { recursive: true });
    await run(command, [...before, 'install', ...options, `${name}@${version}`], { cwd: place });
  });
  await step('a copy of the project', async () => {
    fs.rmSync(copy, { recursive: true, force: true });
    for (const entry of fs.readdirSync(root).map((name) => inRoot(name)))
      if (!LEFT_OUT.includes(entry) && (!TAKEN_ALONG.includes(entry) || fs.existsSync(entry)))
        fs.cpSync(entry, path.join(copy, path.basename(entry)), {
          recursive: true,
          verbatimSymlinks: true,
          mode: fs.constants.COPYFILE_FICLONE,
          preserveTimestamps: true, // what was compiled is told by them
        });
    // TensorFlow's library is 800 MB that nobody writes to.
    fs.mkdirSync(path.join(copy, '.cache'));
    for (const entry of fs.readdirSync(cache).filter((entry) => entry.startsWith('libtensorflow-')))
      fs.symlinkSync(path.join(cache, entry), path.join(copy, '.cache', entry));
  });
  const { status } = await run(node, [path.join(copy, 'data-scripts', 'test.mjs'), ...args], {
    cwd: copy,
    inherit: true,
    anyStatus: true,
    env: {
      PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}`,
      RESNET_WORKBOOK_SHARED: path.resolve(root, process.env.RESNET_WORKBOOK_SHARED ?? '../shared'),
    },
  });
  return status;
}
