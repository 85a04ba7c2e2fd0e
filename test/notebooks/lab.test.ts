import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { python, root, start, temporaryFolder, withoutPython } from './project';

type Settings = Record<string, Record<string, unknown> | undefined>;

/** JupyterLab's own table: its short names, and the setting that each stands for. */
const ALIASES = `
import json
from jupyter_server.serverapp import aliases
from jupyterlab.labapp import LabApp
print(json.dumps({**aliases, **LabApp.aliases}))`;

describe('options of npm run lab', { skip: withoutPython, concurrency: 2 }, () => {
  const folder = temporaryFolder();
  after(() => {
    fs.rmSync(folder, { recursive: true });
  });

  /** What JupyterLab would run with. */
  async function settings(options: readonly string[], env?: NodeJS.ProcessEnv): Promise<Settings> {
    const args = [path.join(root, 'data-scripts', 'lab.mjs'), '--show-config-json', ...options];
    // The system's language chooses that of the notebooks.
    const { status, output } = await start(process.execPath, args, { LC_ALL: 'C.UTF-8', ...env }).ended;
    assert.equal(status, 0, output);
    return JSON.parse(/^{$[^]*?^}$/m.exec(output)?.[0] ?? output) as Settings; // among what it logs
  }

  test('without any: this machine alone, the project, a random token', async () => {
    const { ServerApp, IdentityProvider, LabApp } = await settings([]);
    assert.deepEqual([ServerApp?.ip, ServerApp?.root_dir], ['127.0.0.1', root]);
    assert.deepEqual([ServerApp?.token, IdentityProvider?.token], [undefined, undefined]);
    assert.equal(LabApp?.default_url, '/lab/tree/notebooks');
  });

  test('--language opens the notebooks in that language, made anew; JupyterLab does not see it', async () => {
    const own = path.join(root, 'notebooks', 'zh', '2-residual-units.ipynb');
    for (const words of [['--language', 'zh'], ['--language=zh']]) {
      const { LabApp } = await settings(words);
      assert.equal(LabApp?.default_url, '/lab/tree/notebooks/zh');
      assert.match(fs.readFileSync(own, 'utf8'), /# 2\. 残差单元/);
    }
    const args = [path.join(root, 'data-scripts', 'lab.mjs'), '--language', 'xx'];
    const { status, output } = await start(process.execPath, args).ended;
    assert.equal(status, 1);
    assert.match(output, /^--language xx: there are en, zh\.$/m);
  });

  /** What the workbook sets, and a reader's other wish. */
  const wished = [
    ['ServerApp', 'ip', '0.0.0.0'],
    ['ServerApp', 'root_dir', folder],
    ['ServerApp', 'allow_root', 'False'],
    ['LabApp', 'default_url', '/lab/tree'],
    ['JupyterApp', 'answer_yes', 'False'],
    ['Application', 'log_level', 'ERROR'],
  ] as const;
  const table = (): Record<string, string> =>
    JSON.parse(execFileSync(python, ['-c', ALIASES], { encoding: 'utf8' })) as Record<string, string>;
  /** The short names of these, with what a reader may wish. */
  const aliases = Object.entries(withoutPython ? {} : table()).flatMap(([alias, setting]) =>
    wished.flatMap(([section, name, value]) => (setting === `${section}.${name}` ? [[alias, value]] : [])),
  );

  test("the reader's win over ours by their whole names", async () => {
    const got = await settings(wished.map(([section, name, value]) => `--${section}.${name}=${value}`));
    for (const [section, name, value] of wished)
      assert.equal(String(got[section]?.[name]).toLowerCase(), value.toLowerCase(), `${section}.${name}`);
  });

  test('... by the short names that JupyterLab has, as flags, and with a folder seen from where npm was called', async () => {
    assert.deepEqual(aliases.map(([alias]) => alias).sort(), ['ip', 'log-level', 'notebook-dir']);
    const words = aliases.flatMap(([alias, value]) =>
      alias === 'notebook-dir' ? [path.basename(value)] : [`--${alias}`, value],
    );
    const options = [...words, '--no-browser', '--allow-root', '-y'];
    const { ServerApp } = await settings(options, { INIT_CWD: path.dirname(folder) });
    assert.deepEqual(
      [ServerApp?.ip, ServerApp?.log_level, ServerApp?.root_dir],
      ['0.0.0.0', 'ERROR', folder],
    );
    assert.deepEqual([ServerApp?.open_browser, ServerApp?.allow_root], [false, true]);
  });
});
