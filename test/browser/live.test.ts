import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';
import sharp from 'sharp';
import { chapterWith } from '../../data-scripts/commands/experiments/shapes';
import { imageClassification } from '../../src/data/presets';
import { resnet20_cifar } from '../../src/models/cifarBuilders';
import { ResNet20_Cifar_Weights } from '../../src/models/cifarWeights';
import { loadModel } from '../../src/models/modelFolder';
import { Bottleneck, ResNet } from '../../src/models/resnet';
import { summarize } from '../../src/models/summarize';
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
import { type StaticServer, serve } from './server';
import { until } from './until';

const site = path.join(root, 'site');
const disk = `${pathToFileURL(site).href}/`;
const script = path.join(site, '_static', 'live.js');
const strips = path.join(
  path.resolve(root, process.env.RESNET_WORKBOOK_SHARED ?? '../shared'),
  'data',
  'cifar10-strips',
);
const MOST_BYTES = 900_000;

const hasPart = (file: string, part: string): boolean =>
  fs.existsSync(path.join(site, file)) &&
  fs.readFileSync(path.join(site, file), 'utf8').includes(`data-live="${part}"`);

/** A page with one live part started in it. */
interface Live {
  page: Page;
  /** What it asked for besides its own files, what it said of errors, and what the content policy kept it from. */
  outside: string[];
  errors: string[];
  close(): Promise<void>;
}

async function started(
  browser: Browser,
  base: string,
  file: string,
  part: string,
  options: BrowserContextOptions = {},
): Promise<Live> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const [errors, outside]: string[][] = [[], []];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(base)) outside.push(request.url());
  });
  await page.goto(base + file);
  await page.locator(`${partOf(part)} .live-begin`).click();
  await until(page, `document.querySelector('${partOf(part)}').dataset.state !== 'starting'`);
  assert.equal(await page.locator(partOf(part)).getAttribute('data-state'), 'ready');
  return { page, errors, outside, close: () => context.close() };
}

describe('live parts', async () => {
  const launch = await chromiumHere();
  if (launch === null || !fs.existsSync(script)) {
    test(
      'every part',
      { skip: launch === null ? withoutBrowser : 'no pages: npm start makes them' },
      () => {},
    );
    return;
  }
  let browser: Browser;
  let server: StaticServer;
  before(async () => {
    browser = await chromium.launch(launch);
    server = await serve(site);
  });
  after(async () => {
    await browser.close();
    await server.close();
  });

  test('the script behind them is small enough, and no page loads it unasked', async (t) => {
    const home = path.join(site, '_static', 'live-model-home.js');
    const [parts, network] = [script, home].map(
      (file) => gzipSync(fs.readFileSync(file), { level: 9 }).length,
    );
    t.diagnostic(`${parts} bytes compressed, and the home page's network ${network}`);
    assert.ok(parts + network <= MOST_BYTES, `${parts} and ${network} bytes`);
    const page = await browser.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${disk}index.html`);
    assert.deepEqual(
      asked.filter((address) => /live(-model-.*)?\.js$/.test(address)),
      [],
    );
    await page.close();
  });

  for (const [where, options] of [
    ['disk', { colorScheme: 'light' }],
    [
      'server',
      { viewport: { width: 390, height: 844 }, colorScheme: 'dark', hasTouch: true, isMobile: true },
    ],
  ] as const)
    test(`the home page's network answers, from ${where}`, async (t) => {
      const base = where === 'disk' ? disk : server.url;
      const began = performance.now();
      const { page, errors, outside, close } = await started(browser, base, 'index.html', 'picture', options);
      const part = page.locator(partOf('picture'));
      await until(page, `document.querySelector('${partOf('picture')}').dataset.answers`);
      t.diagnostic(`first answer ${Math.round(performance.now() - began)} ms after the page was asked for`);
      assert.match((await part.getByRole('status').textContent()) ?? '', /^A drawn cat: cat, \d+ %/);
      // by keyboard: the second picture, then a unit of another size
      await part.locator('.live-gallery button').nth(1).focus();
      await page.keyboard.press('Enter');
      await part.getByRole('status').filter({ hasText: 'A drawn dog: dog' }).waitFor();
      const tensors = await data<number>(page, 'picture', 'tensors');
      await part.locator('[data-unit="layer2.0"]').focus();
      await page.keyboard.press('Space');
      await part.getByText('32 × 32 × 16, fitted to F(x) by the shortcut').waitFor();
      assert.equal(await part.locator('.live-maps canvas').count(), 24);
      // the map of another class is another map
      const map = `document.querySelector('.live-map').toDataURL()`;
      const first = await page.evaluate<string>(map);
      await part.locator('.live-answers button').nth(1).click();
      assert.notEqual(await page.evaluate<string>(map), first);
      for (const name of ['layer1.0', 'layer3.2', 'layer1.1'])
        await part.locator(`[data-unit="${name}"]`).click();
      await part.getByText('Unit 1.1:').waitFor();
      assert.equal(await data<number>(page, 'picture', 'tensors'), tensors, 'tensors are left');
      assert.equal(
        await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        0,
      );
      assert.deepEqual(await accessibility(page, 'picture'), []);
      assert.deepEqual({ errors, outside }, { errors: [], outside: [] });
      await close();
    });

  test('what is no picture is refused in a sentence, and the next one is answered', async () => {
    const { page, close } = await started(browser, disk, 'index.html', 'picture');
    const part = page.locator(partOf('picture'));
    await until(page, `document.querySelector('${partOf('picture')}').dataset.answers`);
    const file = { name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no picture') };
    await part.locator('input[type=file]').setInputFiles(file);
    await part.getByRole('status').filter({ hasText: 'no picture that the browser can read' }).waitFor();
    await part.locator('.live-gallery button').nth(2).click();
    await part.getByRole('status').filter({ hasText: 'Another drawn cat' }).waitFor();
    await close();
  });

  test(
    'logits are those of Node within 1e-4, on 200 pictures of CIFAR-10',
    { skip: !fs.existsSync(strips) && `${strips} is not there` },
    async (t) => {
      const { page, close } = await started(browser, disk, 'index.html', 'picture');
      await until(page, `document.querySelector('${partOf('picture')}').dataset.answers`);
      const net = (await resnet20_cifar({ weights: ResNet20_Cifar_Weights.WORKBOOK_V1 })).eval();
      const transform = imageClassification(ResNet20_Cifar_Weights.WORKBOOK_V1.transforms);
      let largest = 0;
      let tensors: number | undefined;
      for (const name of fs.readdirSync(strips).filter((each) => /^test-\w+-0\.webp$/.test(each))) {
        for (let i = 0; i < 20; i++) {
          const picture = sharp(path.join(strips, name))
            .removeAlpha()
            .extract({ left: 0, top: 32 * i, width: 32, height: 32 });
          const png = await picture.png().toBuffer();
          const expected = await logitsHere(net, transform, png);
          largest = Math.max(largest, furthest(await look(page, png), expected));
        }
        const now = await data<number>(page, 'picture', 'tensors');
        assert.equal(now, (tensors ??= now), 'tensors are left');
      }
      net.dispose();
      t.diagnostic(`largest difference ${largest.toExponential(1)}`);
      assert.ok(largest < 1e-4, `largest difference ${largest}`);
      await close();
    },
  );

  test('the content policy blocks what a page or its worker would ask of the outside', async (t) => {
    const { page, close } = await started(browser, server.url, 'index.html', 'picture');
    const foreign = await serve(site); // another address: outside
    const asked: string[] = [];
    page.on(
      'requestfinished',
      (request) => request.url().startsWith(foreign.url) && asked.push(request.url()),
    );
    const blocked = await page.evaluate<string[]>(`(async (address) => {
      const blocked = [];
      addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
        blocked.push(effectiveDirective + ' ' + blockedURI.replace(address, '').replace(/:\\d+.*/, '')));
      await fetch(address + 'fetch').catch(() => {});
      navigator.sendBeacon(address + 'beacon', 'a picture');
      const image = new Image();
      await new Promise((resolve) => { image.onload = image.onerror = resolve; image.src = address + 'icon.png'; });
      const text = "fetch('" + address + "worker').then(() => postMessage('sent'), () => postMessage('kept'))";
      const worker = new Worker(URL.createObjectURL(new Blob([text])));
      blocked.push('worker ' + (await new Promise((resolve) => { worker.onmessage = ({ data }) => resolve(data); })));
      return blocked;
    })(${JSON.stringify(foreign.url)})`);
    t.diagnostic(blocked.join('; '));
    assert.deepEqual(asked, []);
    for (const what of ['connect-src', 'img-src', 'worker kept'])
      assert.ok(
        blocked.some((each) => each.startsWith(what)),
        `${what}: ${blocked.join('; ')}`,
      );
    await foreign.close();
    await close();
  });

  describe(
    'chapter 1',
    { skip: !hasPart('1-degradation.html', 'training') && 'its page has no live part' },
    () => {
      const state = `document.querySelector('${partOf('training')}').dataset`;
      // Of each step, relative. Adam divides a gradient by its size: where one is nothing but rounding, that moves the weight.
      const TOLERANCES = [1e-5, 5e-3, 5e-2];
      const STEPS = TOLERANCES.length;

      test("the first steps give the notebook's losses, and the page stays responsive", async (t) => {
        const { page, errors, outside, close } = await started(
          browser,
          disk,
          '1-degradation.html',
          'training',
        );
        const part = page.locator(partOf('training'));
        await page.evaluate(`window.longTasks = []; new PerformanceObserver((list) =>
        longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })`);
        await part.getByRole('button', { name: 'Train' }).click();
        const lengths = `Object.values(JSON.parse(${state}.losses)).map((l) => l.length)`;
        await until(page, `Math.min(...${lengths}, Infinity) >= ${STEPS} && ${lengths}.length === 3`);
        await part.getByRole('button', { name: 'Pause' }).click();
        await until(page, `${state}.training === 'paused'`); // after the step that was asked for
        const losses = await data<Record<string, number[]>>(page, 'training', 'losses');
        const still = await page.evaluate<number[]>(lengths);
        await page.waitForTimeout(1500);
        assert.deepEqual(await page.evaluate<number[]>(lengths), still, 'it goes on in spite of the pause');

        const { makeNet, train, allPictures } = chapterWith(1, 0.005);
        const found: string[] = [];
        for (const [kind, values] of Object.entries(losses)) {
          const net = makeNet(20, kind);
          const steps = train(net, new AbortController().signal);
          for (const [step, value] of values.slice(0, STEPS).entries()) {
            const { loss } = (await steps.next()).value as { loss: number };
            found.push(`${kind} ${loss} ${value}`);
            assert.ok(
              Math.abs(value - loss) < TOLERANCES[step] * loss,
              `${kind}: ${value} in the page, ${loss} here`,
            );
          }
          await steps.return(undefined);
          net.dispose();
        }
        allPictures.dispose();
        t.diagnostic(found.join('; '));

        const longTasks = await page.evaluate<number[]>('longTasks');
        t.diagnostic(`tasks of the page over 50 ms: ${longTasks.join(', ') || 'none'}`);
        assert.deepEqual(errors, []);
        assert.deepEqual(outside, []);
        assert.deepEqual(await accessibility(page, 'training'), []);
        await close();
      });

      test('a run that begins anew leaves no tensor of the old one', async () => {
        const { page, close } = await started(browser, disk, '1-degradation.html', 'training');
        const part = page.locator(partOf('training'));
        await part.getByLabel('Depth').selectOption('8');
        const tensors: number[] = [];
        for (const button of ['Train', 'Begin anew', 'Begin anew']) {
          await part.getByRole('button', { name: button }).click();
          await until(page, `${state}.training === 'on'`);
          await until(
            page,
            `Math.min(...Object.values(JSON.parse(${state}.losses)).map((l) => l.length)) >= 2`,
          );
          await part.getByRole('button', { name: 'Pause' }).click();
          await until(page, `${state}.training === 'paused'`);
          tensors.push(await data<number>(page, 'training', 'tensors'));
        }
        assert.deepEqual(tensors, [tensors[1], tensors[1], tensors[1]]);
        await close();
      });
    },
  );

  for (const file of ['zh/index.html', 'zh/4-fine-tuning.html'])
    test(
      `in ${file} they speak Chinese`,
      { skip: !hasPart(file, 'picture') && 'it has no live part' },
      async () => {
        const { page, errors, close } = await started(browser, disk, file, 'picture');
        const part = page.locator(partOf('picture'));
        await part
          .getByRole('status')
          .filter({ hasText: /^一只画的猫：/ })
          .waitFor();
        await part.locator('[data-unit="layer2.0"]').click();
        await part.getByText('单元2.0：').waitFor();
        const texts = await page.evaluate<string[]>(`(() => {
      const place = document.querySelector('${partOf('picture')}');
      return [place, ...place.querySelectorAll('*')].flatMap((each) => [
        ...['aria-label', 'alt'].map((name) => each.getAttribute(name) ?? ''),
        ...[...each.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data),
      ]);
    })()`);
        const english = texts.filter((text) => /\b[a-z]{3,}/.test(text.replaceAll('relu(F(x) + x)', '')));
        assert.deepEqual({ english, errors }, { english: [], errors: [] });
        await close();
      },
    );

  test(
    'chapter 3 builds what the library builds, block by block, and says what it refuses',
    { skip: !hasPart('3-source-walkthrough.html', 'stages') && 'its page has no live part' },
    async () => {
      const { page, errors, outside, close } = await started(
        browser,
        disk,
        '3-source-walkthrough.html',
        'stages',
      );
      const part = page.locator(partOf('stages'));
      const status = part.getByRole('status');
      const build = part.getByRole('button', { name: 'Build' });
      for (const [label, value] of [
        ['Block', 'Bottleneck'],
        ['Groups', '2'],
        ['Width per group', '8'],
      ])
        await part.getByLabel(label, { exact: true }).selectOption(value);
      for (const [i, value] of ['1', '2', '1', '1'].entries())
        await part.getByLabel(`Blocks of stage ${i + 1}`).selectOption(value);
      await part.getByLabel('Dilate stage 4').check();
      await build.click();
      await status.filter({ hasText: '1 of 5 blocks' }).waitFor();
      await part.getByRole('button', { name: 'Next block' }).focus();
      await page.keyboard.press('Enter');
      await status.filter({ hasText: '2 of 5 blocks' }).waitFor();
      await part.getByRole('button', { name: 'All blocks' }).click();
      const options = { groups: 2, widthPerGroup: 8, replaceStrideWithDilation: [false, false, true] };
      const net = new ResNet(Bottleneck, [1, 2, 1, 1], options);
      const { layers } = summarize(net, [1, 224, 224, 3]);
      net.dispose();
      const inStages = layers.filter(({ name }) => name.startsWith('layer'));
      const sum = (field: 'parameters' | 'flops'): string =>
        inStages.reduce((all, each) => all + each[field], 0).toLocaleString('en');
      assert.equal(
        await status.textContent(),
        `5 of 5 blocks: ${sum('parameters')} parameters, ${sum('flops')} multiply-adds.`,
      );
      const last = await part.locator('tbody tr').last().locator('td').allTextContents();
      // of a dilated stage, the first block has the dilation before it
      assert.deepEqual(last.slice(0, 6), [
        '1,024',
        '128 → 128 → 2048',
        '14 × 14 × 2048',
        '1',
        '1',
        'projection',
      ]);
      assert.equal(await data<number>(page, 'stages', 'tensors'), 0, 'tensors are left');
      await part.getByLabel('Block', { exact: true }).selectOption('BasicBlock');
      await build.click();
      await status.filter({ hasText: 'BasicBlock only supports groups=1 and base_width=64' }).waitFor();
      await until(page, `document.querySelector('${partOf('stages')}').dataset.tensors === '0'`);
      assert.deepEqual(await accessibility(page, 'stages'), []);
      assert.deepEqual({ errors, outside }, { errors: [], outside: [] });
      await close();
    },
  );

  test(
    'chapter 2: units whose last scale is 0 do nothing, to a picture and to a gradient',
    { skip: !hasPart('2-residual-units.html', 'scale') && 'its page has no live part' },
    async () => {
      const { page, errors, outside, close } = await started(
        browser,
        disk,
        '2-residual-units.html',
        'scale',
        {
          viewport: { width: 390, height: 844 },
          colorScheme: 'dark',
        },
      );
      const part = page.locator(partOf('scale'));
      const at = async (scale: string): Promise<Record<string, number>[]> => {
        await part.getByRole('slider').fill(scale);
        await until(page, `document.querySelector('${partOf('scale')}').dataset.scale === '${scale}'`);
        return data(page, 'scale', 'rows');
      };
      const [, half] = await at('0.5');
      assert.ok(Math.abs(half.distance - 0.5) < 0.02, String(half.distance)); // F(x) has the scale as its deviation
      const [plain, residual] = await at('0');
      assert.deepEqual([residual.distance, plain.distance], [0, 1]);
      assert.ok(Math.abs(residual.size - 1) < 1e-5 && Math.abs(residual.cosine - 1) < 1e-5);
      await part.getByLabel('relu after the sum').check();
      await until(
        page,
        `JSON.parse(document.querySelector('${partOf('scale')}').dataset.rows)[1].distance > 0.5`,
      );
      assert.equal(await data<number>(page, 'scale', 'tensors'), 0, 'tensors are left');
      assert.equal(
        await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        0,
      );
      assert.deepEqual(await accessibility(page, 'scale'), []);
      assert.deepEqual({ errors, outside }, { errors: [], outside: [] });
      await close();
    },
  );

  for (const name of ['4-fine-tuning', '5-your-own-pictures']) {
    const folder = path.join(root, '.cache', 'models', name);
    test(
      `chapter ${name[0]}: the model that the run has kept answers as it does here`,
      { skip: !hasPart(`${name}.html`, 'picture') && 'its page has no live part' },
      async (t) => {
        const { network, transform, dispose } = loadModel(folder);
        const { page, errors, outside, close } = await started(browser, disk, `${name}.html`, 'picture');
        const place = `document.querySelector('${partOf('picture')}')`;
        await until(page, `!${place}.querySelector('.live-gallery') || ${place}.dataset.answers`);
        const png = await spots();
        const far = furthest(await look(page, png), await logitsHere(network, transform, png));
        t.diagnostic(`logits differ by up to ${far.toExponential(1)}`);
        assert.ok(far < 1e-4, String(far));
        assert.deepEqual(await accessibility(page, 'picture'), []);
        assert.deepEqual({ errors, outside }, { errors: [], outside: [] });
        await close();
        dispose();
      },
    );
  }

  test('a picture that is dropped is answered as one that is chosen', async () => {
    const { page, close } = await started(browser, disk, 'index.html', 'picture');
    const answers = `document.querySelector('${partOf('picture')}').dataset.answers`;
    await until(page, answers);
    const png = await spots();
    const logits = await look(page, png);
    await dropped(page, png);
    await until(page, `${answers} === '3'`);
    assert.deepEqual(await data<number[]>(page, 'picture', 'logits'), logits);
    await close();
  });

  test('without WebAssembly a sentence takes the place of the button', async () => {
    const page = await browser.newPage();
    await page.addInitScript(WITHOUT_WASM);
    await page.goto(`${disk}index.html`);
    const part = page.locator(partOf('picture'));
    await part.getByRole('status').filter({ hasText: 'It needs WebAssembly' }).waitFor();
    assert.equal(await part.locator('button').count(), 0);
    await page.close();
  });

  test('with scripts off a sentence says so, and on paper there is nothing of it', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${disk}index.html`);
    assert.ok(await page.locator(`${partOf('picture')} noscript p`).isVisible());
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator(partOf('picture')).isVisible(), false);
    await context.close();
  });
});
