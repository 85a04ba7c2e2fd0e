import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { root, temporaryFolder } from '../notebooks/project';

describe('a fresh clone, in which nothing is installed', () => {
  const clone = temporaryFolder();
  fs.cpSync(path.join(root, 'data-scripts'), path.join(clone, 'data-scripts'), { recursive: true });
  fs.copyFileSync(path.join(root, 'package.json'), path.join(clone, 'package.json'));
  after(() => fs.rmSync(clone, { recursive: true, force: true }));

  // Each of these begins with set-up, so none may need a package before it.
  for (const [script, arg, says] of [
    ['start.mjs', '--help', 'npm start'],
    ['test.mjs', '--help', 'npm test'],
    ['setup.mjs', '--help', 'npm run setup'],
    ['doctor.mjs', '', 'not installed'],
  ]) {
    test(`${script} starts`, () => {
      const { stdout, stderr } = spawnSync(process.execPath, [path.join('data-scripts', script), arg], {
        cwd: clone,
        encoding: 'utf8',
      });
      assert.ok(stdout.includes(says), stdout + stderr);
    });
  }
  for (const script of ['setup.mjs', 'lab.mjs']) {
    test(`${script} asks for nothing that set-up installs`, () => {
      const seen = new Set<string>();
      const packages = new Set<string>();
      const follow = (file: string): void => {
        if (seen.has(file)) return;
        seen.add(file);
        for (const [, name] of fs.readFileSync(file, 'utf8').matchAll(/^import .*?from '([^']+)';$/gms)) {
          if (name.startsWith('.')) follow(path.resolve(path.dirname(file), name));
          else if (!name.startsWith('node:')) packages.add(name);
        }
      };
      follow(path.join(clone, 'data-scripts', script));
      assert.deepEqual([...packages], []);
    });
  }
});
