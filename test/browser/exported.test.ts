import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { imageClassification } from '../../src/data/presets';
import { resnet18 } from '../../src/models/builders';
import { resnet20_cifar } from '../../src/models/cifarBuilders';
import { ResNet20_Cifar_Weights } from '../../src/models/cifarWeights';
import { loadModel, saveModel } from '../../src/models/modelFolder';
import { predict } from '../../src/models/predict';
import { convert } from '../../src/state/convert';
import { fill } from '../golden/formula';
import { root } from '../notebooks/project';
import { chromiumHere, withoutBrowser } from './chromium';
import {
  WAIT_MS,
  WITHOUT_WASM,
  accessibility,
  data,
  dropped,
  furthest,
  logitsHere,
  look,
  partOf,
  spots,
} from './livePart';
import { serve } from './server';
import { until } from './until';

describe('a page that export has made', async () => {
  const launch = await chromiumHere();
  if (launch === null) {
    test('of any model', { skip: withoutBrowser }, () => {});
    return;
  }
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'exported-'));
  const { mean, std } = ResNet20_Cifar_Weights.WORKBOOK_V1.transforms;
  let browser: Browser;
  before(async () => {
    browser = await chromium.launch(launch);
    const network = await resnet20_cifar({ weights: ResNet20_Cifar_Weights.WORKBOOK_V1 });
    const means = Buffer.from(new Float32Array(10 * 64).fill(1).buffer).toString('base64');
    saveModel(folderOf('模型'), network, {
      classes: Array.from({ length: 10 }, (_, i) => `</script><img src=x onerror=alert(${i})>类`),
      backbone: 'resnet20_cifar',
      transforms: { resizeSize: 55, cropSize: 48, mean, std, interpolation: 'bilinear' },
      likeness: { means, threshold: 1 }, // which no picture reaches
    });
    network.dispose();
    exportPage('模型');
  });
  after(async () => {
    await browser.close();
    fs.rmSync(scratch, { recursive: true, force: true });
  });

  /** Of a model: with a space and Chinese in its path. */
  const folderOf = (name: string): string => path.join(scratch, `my ${name}`);
  const addressOf = (name: string): string => pathToFileURL(path.join(folderOf(name), 'model.html')).href;

  function exportPage(name: string): void {
    const command = path.join(root, '.build', 'data-scripts', 'commands', 'export.js');
    const preload = path.join(root, 'data-scripts', 'kernel', 'node-compat.cjs');
    const args = ['-r', preload, command, folderOf(name), '--to', 'page'];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }

  async function opened(name: string, options: BrowserContextOptions = {}) {
    const address = addressOf(name);
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    const [errors, asked]: string[][] = [[], []];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('dialog', (dialog) => errors.push(dialog.message()));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(address);
    await until(page, `document.querySelector('${partOf('picture')}').dataset.state`);
    assert.equal(await page.locator(partOf('picture')).getAttribute('data-state'), 'ready');
    const outside = (): string[] => asked.filter((each) => each !== address && !each.startsWith('blob:'));
    return { page, errors, outside, close: () => context.close() };
  }

  test('answers as predict does, from a folder with a space and Chinese in its name, and asks nothing of the outside', async (t) => {
    const options = { viewport: { width: 390, height: 844 }, colorScheme: 'dark' } as const;
    const { page, errors, outside, close } = await opened('模型', options);
    const part = page.locator(partOf('picture'));
    const png = await spots();
    const logits = await look(page, png);
    const model = loadModel(folderOf('模型'));
    const picture = path.join(scratch, 'spots.png');
    fs.writeFileSync(picture, png);
    const [{ top, unlike }] = (await predict(model, [picture])).predictions;
    const far = furthest(logits, await logitsHere(model.network, model.transform, png));
    t.diagnostic(`logits differ by up to ${far.toExponential(1)}`);
    assert.ok(far < 1e-4, String(far));
    const exps = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
    const sure = 1 / exps.reduce((sum, each) => sum + each, 0);
    assert.ok(Math.abs(sure - top[0].probability) < 1e-4, `${sure} ${top[0].probability}`);
    const status = (await part.getByRole('status').textContent()) ?? '';
    assert.ok(status.startsWith(`Your picture: ${top[0].category}, `), status);
    assert.ok(unlike && status.includes('unlike all that the network was trained on'), status);

    // dropped instead of chosen
    await dropped(page, png);
    await until(page, `document.querySelector('${partOf('picture')}').dataset.answers === '2'`);
    assert.deepEqual(await data<number[]>(page, 'picture', 'logits'), logits);

    const painted = `new Set(document.querySelector('.live-map').getContext('2d').getImageData(0, 0, 12, 12).data).size > 9`;
    await until(page, painted);
    const tensors = await data<number>(page, 'picture', 'tensors');
    await part.locator('[data-unit="layer2.0"]').click();
    await part.getByText('48 × 48 × 16, fitted to F(x) by the shortcut').waitFor();
    assert.equal(await data<number>(page, 'picture', 'tensors'), tensors, 'tensors are left');

    assert.equal(await part.locator('.live-answers').getByText('<img src=x onerror=').count(), 5);
    assert.equal(await page.locator('img[src="x"]').count(), 0);
    assert.equal(
      await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
      0,
    );
    assert.deepEqual(await accessibility(page, 'picture'), []);
    assert.deepEqual({ errors, outside: outside() }, { errors: [], outside: [] });

    const server = await serve(scratch); // what it is kept from, were it to try
    const kept = await page.evaluate<string>(
      `fetch(${JSON.stringify(server.url)}).then(() => 'sent', () => 'kept')`,
    );
    assert.equal(kept, 'kept');
    await server.close();
    await close();
    model.dispose();
  });

  test('says in a sentence where scripts or WebAssembly are off', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const still = await context.newPage();
    await still.goto(addressOf('模型'));
    assert.equal(
      await still.locator(partOf('picture')).innerText(),
      'Scripts are off in this browser, so the model does not run.',
    );
    await context.close();

    const page = await browser.newPage();
    await page.addInitScript(WITHOUT_WASM);
    await page.goto(addressOf('模型'));
    await page
      .getByText("This part can't run in this browser: it has no WebAssembly, or it is switched off.")
      .waitFor();
    await page.close();
  });

  test("holds torchvision's networks too, in 16 bits", async (t) => {
    const network = fill(resnet18({ numClasses: 3 }));
    const transforms = { resizeSize: 64, cropSize: 64, mean, std, interpolation: 'bilinear' as const };
    saveModel(folderOf('resnet18'), network, { classes: ['a', 'b', 'c'], backbone: 'resnet18', transforms });
    exportPage('resnet18');
    const { page, errors, outside, close } = await opened('resnet18');
    const part = page.locator(partOf('picture'));
    await part.getByText('The filters are rounded to 16 bits').waitFor();
    const png = await spots();
    const logits = await look(page, png);
    network.loadStateDict(
      new Map(
        [...network.stateDict()].map(([name, tensor]) => [
          name,
          tensor.shape.length > 1 ? convert(tensor, 'float16') : tensor,
        ]),
      ),
    );
    network.eval();
    const expected = await logitsHere(network, imageClassification(transforms), png);
    const far = furthest(logits, expected) / Math.max(...expected.map(Math.abs));
    t.diagnostic(`logits differ by up to ${far.toExponential(1)} of the largest`);
    assert.ok(far < 1e-4, String(far));
    await part.locator('[data-unit="layer2.0"]').click();
    await part.getByText('16 × 16 × 64, fitted to F(x) by the shortcut').waitFor();
    assert.deepEqual({ errors, outside: outside() }, { errors: [], outside: [] });
    await close();
    network.dispose();
  });
});
