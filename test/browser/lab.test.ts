import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type Browser, type Locator, type Page, chromium } from 'playwright-core';
import { root, start, temporaryFolder, withoutPython } from '../notebooks/project';
import { chromiumHere, withoutBrowser } from './chromium';

const CHAPTER = '2-residual-units.ipynb'; // the quickest
const START_MS = 120_000; // JupyterLab and a kernel, on a machine that is busy with other tests
const RUN_MS = 240_000;

/** JupyterLab's own model of a notebook, as far as it is looked at here. */
interface CellState {
  type: string;
  count: number | null;
  plots: number;
  text: string;
}

/** The cells of the notebook in front. JupyterLab draws only those near the window, so the page itself doesn't tell. */
const CELLS = `[...jupyterapp.shell.currentWidget.content.model.cells].map((cell) => {
  const { cell_type, execution_count = null, outputs = [] } = cell.toJSON();
  return {
    type: cell_type,
    count: execution_count,
    plots: outputs.filter(({ data }) => data && 'application/vnd.plotly.v1+json' in data).length,
    text: outputs.map(({ text = '' }) => [].concat(text).join('')).join(''),
  };
})`;
/** What the third cell shows: how many progress bars, how many outputs, and the first's words. */
const SHOWN = `((cell) => {
  const outputs = [...cell.querySelectorAll('.jp-OutputArea-output')];
  return [cell.querySelectorAll('progress').length, outputs.length, outputs[0]?.innerText.trim() ?? ''];
})(document.querySelectorAll('.jp-NotebookPanel .jp-Cell')[2])`;
const IDLE = `jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'`;

describe('JupyterLab in a browser', async () => {
  const options = await chromiumHere();
  if (options === null || withoutPython) {
    test('Run All, progress, interrupt', { skip: withoutPython || withoutBrowser }, () => {});
    return;
  }
  const folder = temporaryFolder();
  const outside: string[] = [];
  let lab: ReturnType<typeof start>;
  let browser: Browser | undefined;
  let page: Page;
  let url = '';

  before(async () => {
    fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    fs.copyFileSync(path.join(root, 'notebooks', CHAPTER), path.join(folder, CHAPTER));
    fs.copyFileSync(path.join(root, 'test', 'browser', 'lab.ipynb'), path.join(folder, 'lab.ipynb'));
    lab = start(process.execPath, [
      path.join(root, 'data-scripts', 'lab.mjs'),
      '--no-browser',
      '--port=0',
      `--notebook-dir=${folder}`,
      `--LabApp.workspaces_dir=${path.join(folder, 'workspaces')}`,
      '--LabApp.expose_app_in_browser=True',
    ]);
    url = await address(lab);
    browser = await chromium.launch(options);
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(START_MS);
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (!['data:', 'blob:'].includes(protocol) && host !== new URL(url).host) outside.push(request.url());
    });
  });
  after(async () => {
    await browser?.close();
    lab.child.kill('SIGTERM'); // if the last test has not ended it
    await lab.ended;
    fs.rmSync(folder, { recursive: true, force: true });
  });

  async function openNotebook(name: string): Promise<void> {
    const { origin, search } = new URL(url);
    // In a workspace of its own: nothing else is open.
    await page.goto(`${origin}/lab/workspaces/${path.parse(name).name}/tree/${name}${search}`);
    await page.waitForFunction(`window.jupyterapp?.shell.currentWidget?.content?.model?.cells?.length > 1`);
    await page.waitForFunction(IDLE);
  }

  async function runAll(): Promise<void> {
    await page.getByRole('menuitem', { name: 'Run', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Run All Cells', exact: true }).click();
  }

  const cells = (): Promise<CellState[]> => page.evaluate<CellState[]>(CELLS);
  const cell = (index: number): Locator => page.locator('.jp-NotebookPanel:visible .jp-Cell').nth(index);
  /** Waits until a cell has an execution count: it has ended. */
  const ended = (index: number): Promise<unknown> =>
    page.waitForFunction(`${CELLS}[${index}].count !== null`, undefined, { timeout: RUN_MS });

  test('it listens on this machine only, and wants a token', async () => {
    assert.match(url, /^http:\/\/(127\.0\.0\.1|localhost):\d+\/lab.*[?&]token=[0-9a-f]{32,}/);
    const { origin } = new URL(url);
    const reply = await fetch(`${origin}/api/contents`);
    assert.equal(reply.status, 403);
  });

  test('a chapter runs from a fresh kernel to its end, and its plots draw', async () => {
    await openNotebook(CHAPTER);
    assert.match(await page.locator('.jp-Toolbar-kernelName:visible').innerText(), /TypeScript/);
    await runAll();
    const last = (await cells()).findLastIndex(({ type }) => type === 'code');
    await ended(last);
    await page.waitForFunction(IDLE);
    const ran = await cells();
    assert.deepEqual(
      ran.filter(({ type, count }) => type === 'code' && count === null),
      [],
    );
    const withPlots = ran.flatMap(({ plots }, index) => (plots > 0 ? [index] : []));
    assert.ok(withPlots.length > 0);
    for (const index of withPlots) {
      await page.evaluate(`jupyterapp.shell.currentWidget.content.scrollToItem(${index}, 'center')`);
      const drawing = page.locator(`.jp-Cell[data-windowed-list-index="${index}"] .js-plotly-plot`);
      await drawing.locator('.js-line, .point, .hm image').first().waitFor({ state: 'attached' });
    }
  });

  test('one progress bar moves in place', async () => {
    await openNotebook('lab.ipynb');
    await runAll();
    await cell(2).locator('progress').waitFor();
    const seen = new Set<string>();
    let [bars, outputs, text] = [1, 1, ''];
    for (let tries = 0; !(bars === 0 && text.startsWith('Steps: 20/20, ')); tries++) {
      assert.ok(tries < 600, `the bar never came to its end: ${text}`);
      await wait(100);
      // All of it at one moment: JupyterLab replaces what it shows.
      [bars, outputs, text] = await page.evaluate<[number, number, string]>(SHOWN);
      assert.ok(bars <= 1, 'a second bar');
      assert.ok(outputs <= 1, 'a second output');
      if (bars === 1) seen.add(text);
    }
    assert.ok(seen.size >= 3, [...seen].join('\n'));
    await cell(1).locator('.js-plotly-plot .js-line').first().waitFor({ state: 'attached' });
  });

  test('the stop button ends training within seconds, long before it is done; the kernel goes on', async () => {
    await page.waitForFunction(`/step 20\\b/.test(${CELLS}[3].text)`, undefined, { timeout: RUN_MS });
    const began = performance.now();
    await page.locator('[data-command="notebook:interrupt-kernel"]:visible').click();
    await ended(3);
    const seconds = (performance.now() - began) / 1000;
    await ended(4);
    const [, , , training, afterwards] = await cells();
    assert.match(training.text, /Stopped by the reader after 0 whole epochs/);
    assert.match(training.text, /interrupted: true\s*$/);
    assert.doesNotMatch(training.text, /Error|\n\s+at /);
    assert.match(afterwards.text, /steps since: 0/);
    assert.ok(seconds < 10, `it took ${seconds.toFixed(2)} s`); // quiet: under 2; a busy machine takes longer
  });

  test('a name of the library is completed, and tells its type', async () => {
    await page.evaluate(`jupyterapp.commands.execute('notebook:insert-cell-below')`);
    await page.evaluate(`jupyterapp.commands.execute('notebook:enter-edit-mode')`);
    await page.keyboard.type('resnet20');
    await page.keyboard.press('Tab');
    await page.locator('.jp-Completer:visible', { hasText: 'resnet20_cifar' }).waitFor();
    await page.keyboard.press('Enter'); // takes the one that is offered
    await page.waitForFunction(
      `jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource() === 'resnet20_cifar'`,
    );
    await page.keyboard.press('Shift+Tab');
    const tooltip = page.locator('.jp-Tooltip');
    await tooltip.waitFor();
    assert.match(
      await tooltip.innerText(),
      /const resnet20_cifar: Builder<.*CifarResNet.*The paper's ResNet-20/s,
    );
  });

  test('nothing was asked of the outside', () => {
    assert.deepEqual(outside, []);
  });

  test('ended by a signal to npm run lab alone, it ends its kernels', async () => {
    const kernel = Number(/kernel (\d+)/.exec((await cells())[4].text)?.[1]);
    process.kill(kernel, 0); // it is there
    lab.child.kill('SIGINT');
    const { status, output } = await lab.ended;
    assert.equal(status, 0, output);
    assert.throws(() => process.kill(kernel, 0), { code: 'ESRCH' });
  });
});

/** The address with its token, which JupyterLab prints when it is ready. */
function address({ child, ended }: ReturnType<typeof start>): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stderr!.on('data', (part: string) => {
      text += part;
      const found = /http:\/\/127\.0\.0\.1:\d+\/\S*token=\w+/.exec(text);
      if (found) resolve(found[0]);
    });
    const fail = (): void => reject(new Error(`JupyterLab did not start:\n${text}`));
    void ended.then(fail);
    setTimeout(fail, START_MS).unref();
  });
}
