import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core';
import { root } from '../notebooks/project';
import { chromiumHere, withoutBrowser } from './chromium';
import { type StaticServer, serve } from './server';
import { until } from './until';

const site = path.join(root, 'site');
const pages = fs.existsSync(site)
  ? fs
      .readdirSync(site, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.html') && !/(^|\/)_static\//.test(name))
      .sort()
  : [];

/** The folders of pages in other languages. */
const editions = fs
  .readdirSync(path.join(root, 'notebooks'))
  .filter((name) => fs.existsSync(path.join(root, 'notebooks', name, 'language.json')))
  .map((code) => `${code}/`);

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];
// The theme's: its button shows the keys Ctrl+K beside the word, and is named "Search".
const NOT_OURS = ['.search-button-field'];
const LOAD_MS = 60_000; // a page with all its figures, on a machine that is busy with other tests

const probe = fs.readFileSync(path.join(root, 'test', 'browser', 'in-page', 'probe.js'), 'utf8');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** A page as a reader has it open, and all that it said and asked for. */
interface Opened {
  page: Page;
  errors: string[];
  outside: string[];
  close(): Promise<void>;
}

async function open(
  browser: Browser,
  base: string,
  name: string,
  options: BrowserContextOptions,
): Promise<Opened> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(LOAD_MS);
  const [errors, outside]: string[][] = [[], []];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('requestfailed', (request) => errors.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (reply) => reply.status() >= 400 && errors.push(`${reply.url()}: ${reply.status()}`));
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(base)) outside.push(request.url());
  });
  await page.goto(base + name);
  return { page, errors, outside, close: () => context.close() };
}

/** Runs one of probe.js's functions. */
async function ask<T>(page: Page, name: string): Promise<T> {
  await page.evaluate(`window.probe ?? (() => {${probe}})()`);
  return page.evaluate<T>(`probe.${name}()`);
}

async function whenDrawn(page: Page): Promise<void> {
  await page.evaluate(`window.probe ?? (() => {${probe}})()`);
  await until(page, 'probe.undrawnFigures().length === 0');
}

/** What the accessibility checker finds, a line each. */
async function accessibility(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const options = { runOnly: RULES, preload: false }; // preloading asks for the style sheets again, which file:// refuses
  const context = { exclude: NOT_OURS };
  type Result = {
    violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
  };
  const result = await page.evaluate<Result>(
    `axe.run(${JSON.stringify(context)}, ${JSON.stringify(options)})`,
  );
  return result.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ html, failureSummary }) => `${id}: ${help}\n  ${html.slice(0, 200)}\n  ${failureSummary ?? ''}`,
    ),
  );
}

describe('the pages in a browser', async () => {
  const options = await chromiumHere();
  if (options === null || pages.length === 0) {
    // `npm test` makes the pages before it comes here.
    const why = options === null ? withoutBrowser : 'no pages: npm start makes them';
    test('every page', { skip: why }, () => {});
    return;
  }
  const disk = `${pathToFileURL(site).href}/`;
  let browser: Browser;
  let server: StaticServer;
  before(async () => {
    browser = await chromium.launch(options);
    server = await serve(site);
  });
  after(async () => {
    await browser.close();
    await server.close();
  });

  /** The names that links can lead to, of each page. */
  const anchorsOf = new Map<string, Set<string>>();
  const addressesOf = new Map<string, string[]>();

  // Two at once: Chromium gives each a process of its own.
  describe('one by one', { concurrency: 2 }, () => {
    for (const name of pages) {
      test(`${name} from disk, on a desktop, light`, async () => {
        const { page, errors, outside, close } = await open(browser, disk, name, {
          viewport: { width: 1280, height: 800 },
          colorScheme: 'light',
        });
        await whenDrawn(page);
        anchorsOf.set(name, new Set(await ask<string[]>(page, 'anchors')));
        addressesOf.set(name, await ask<string[]>(page, 'addresses'));
        assert.deepEqual(await accessibility(page), []);
        assert.deepEqual({ errors, outside }, { errors: [], outside: [] });
        await close();
      });

      test(`${name} from a server, on a phone, dark`, async () => {
        const { page, errors, outside, close } = await open(browser, server.url, name, {
          viewport: { width: 390, height: 844 },
          colorScheme: 'dark',
          hasTouch: true,
          isMobile: true,
        });
        await whenDrawn(page);
        assert.equal(await ask<number>(page, 'overflow'), 0, 'the page must not scroll sideways');
        assert.deepEqual(await accessibility(page), []);
        assert.deepEqual({ errors, outside }, { errors: [], outside: [] });
        await close();
      });
    }
  });

  test('every link within the pages leads somewhere', () => {
    assert.equal(addressesOf.size, pages.length);
    const broken = [...addressesOf].flatMap(([from, addresses]) =>
      addresses.filter((address) => !leadsSomewhere(address)).map((address) => `${from}: ${address}`),
    );
    assert.deepEqual(broken, []);
    for (const folder of ['', ...editions]) {
      const chapters = pages.filter(
        (name) => name.startsWith(folder) && /^\d/.test(name.slice(folder.length)),
      );
      assert.ok(chapters.every((name) => addressesOf.get(`${folder}index.html`)?.includes(disk + name)));
      assert.ok(chapters.length > 0);
    }
  });

  test('a place of a page has one name in all languages', () => {
    for (const folder of editions)
      for (const [name, english] of anchorsOf) {
        const own = anchorsOf.get(folder + name);
        const missing = own ? [...english].filter((anchor) => !own.has(anchor)) : [];
        // What the theme and MathJax name themselves may differ, and the list of the reference is not there.
        assert.deepEqual(
          missing.filter((anchor) => !/^(MJX|pst|__|codecell)/.test(anchor)),
          [],
          folder + name,
        );
      }
  });

  function leadsSomewhere(address: string): boolean {
    const [file, anchor = ''] = address.split('#');
    if (!file.startsWith('file:')) return /^(https?|mailto):/.test(file); // outside: not ours to follow
    if (!file.startsWith(disk)) return false;
    const name = decodeURIComponent(file.slice(disk.length)).split('?')[0];
    if (!fs.existsSync(path.join(site, name))) return false;
    return anchor === '' || (anchorsOf.get(name)?.has(decodeURIComponent(anchor)) ?? false);
  }

  test('a chapter opens with a picture, which is also in its own place', () => {
    for (const name of pages.filter((each) => /^\d/.test(each) && hasFigure(each))) {
      const page = fs.readFileSync(path.join(site, name), 'utf8');
      const html = page.slice(page.indexOf('<section')); // what is printed has a list of its own before
      const figure = html.indexOf('<figure');
      assert.ok(figure > 0 && figure < html.indexOf('<h2'), name);
      assert.match(html.slice(figure, html.indexOf('<h2')), /href="#figure-\d+"/, name);
    }
  });

  test('with scripts off, every figure has a picture, and every formula is drawn', async () => {
    let [figures, formulas] = [0, 0];
    for (const name of pages) {
      const context = await browser.newContext({
        javaScriptEnabled: false,
        viewport: { width: 390, height: 844 },
      });
      const page = await context.newPage();
      await page.goto(disk + name);
      const expected =
        fs.readFileSync(path.join(site, name), 'utf8').match(/class="plotly-figure"/g)?.length ?? 0;
      // `evaluate` runs where the page's own scripts do not.
      const widths = await ask<number[]>(page, 'pictureWidths');
      assert.equal(widths.length, expected, name);
      assert.ok(
        widths.every((width) => width > 200 && width <= 390),
        `${name}: ${widths.join(', ')}`,
      );
      figures += widths.length;
      const sizes = await ask<number[]>(page, 'formulaSizes');
      assert.ok(
        sizes.every((size) => size > 3),
        `${name}: ${sizes.join(', ')}`,
      );
      formulas += sizes.length;
      assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'light', name);
      await context.close();
    }
    assert.ok(figures > 0, 'no figure on any page');
    assert.ok(formulas > 0, 'no formula on any page');
  });

  test('the third chapter shows its widest table, and sources beside sources, without scrolling', async (t) => {
    const name = pages.find((each) => each.startsWith('3-'));
    if (!name || !fs.readFileSync(path.join(site, name), 'utf8').includes('conv5_x'))
      return t.skip('not executed');
    const { page, close } = await open(browser, disk, name, { viewport: { width: 1280, height: 800 } });
    assert.deepEqual(await ask<string[]>(page, 'cutOutputs'), []);
    await close();
  });

  test('labels of drawings are within their boxes, in each language', async () => {
    for (const name of pages.filter((each) => /^(\w+\/)?[23]-/.test(each))) {
      const { page, close } = await open(browser, disk, name, { viewport: { width: 1280, height: 800 } });
      assert.deepEqual(await ask<string[]>(page, 'cutLabels'), [], name);
      await close();
    }
  });

  test('Chinese is set as Chinese: its language is said, nothing is slanted, no stars are left', async () => {
    for (const name of pages.filter((each) => each.startsWith('zh/'))) {
      const { page, close } = await open(browser, disk, name, {});
      assert.equal(await page.evaluate('document.documentElement.lang'), 'zh-CN', name);
      assert.deepEqual(await ask<string[]>(page, 'typesettingFaults'), [], name);
      await close();
    }
  });

  test('the search finds Chinese words, and parts of them', async () => {
    const { page, errors, close } = await open(browser, disk, 'zh/index.html', {});
    for (const [asked, expected] of [
      ['残差', 'zh/2-residual-units.html'],
      ['过拟合', 'zh/1-degradation.html'],
      ['恒等映射', 'zh/2-residual-units.html'],
      ['过拟', 'zh/1-degradation.html'],
      ['微调', 'zh/4-fine-tuning.html'],
      ['bottleneck', 'zh/3-source-walkthrough.html'],
    ] as const) {
      await page.goto(`${disk}zh/search.html?q=${encodeURIComponent(asked)}`);
      await page.waitForSelector('#search-results li a');
      const found = await page.evaluate<string[]>(
        '[...document.querySelectorAll("#search-results li a")].map((link) => link.href.split("#")[0])',
      );
      assert.ok(found.includes(disk + expected), `${asked}: ${found.join(', ')}`);
    }
    await page.goto(`${disk}zh/search.html?q=${encodeURIComponent('犛牛')}`);
    await until(page, 'document.querySelector("#search-results .search-summary")?.textContent');
    assert.equal(await page.locator('#search-results li').count(), 0);
    // An icon that is asked for after the page is loaded is given up when the next one is opened.
    assert.deepEqual(
      errors.filter((error) => !error.includes('ERR_ABORTED')),
      [],
    );
    await close();
  });

  test('from a section in one language the switch leads to the same section in the other', async () => {
    const { page, errors, close } = await open(browser, disk, 'zh/2-residual-units.html', {});
    await whenDrawn(page);
    await page.evaluate('document.getElementById("the-way-back").scrollIntoView({ behavior: "instant" })');
    await page.evaluate('document.querySelector("a.language-switch").click()'); // playwright's own scrolls first
    await page.waitForURL(`${disk}2-residual-units.html#the-way-back`);
    assert.match(await page.locator('#the-way-back h2').innerText(), /The way back/);
    assert.deepEqual(errors, []);
    await close();
  });

  test('the search finds what a chapter says', async () => {
    const { page, errors, close } = await open(browser, disk, 'search.html?q=bottleneck', {});
    await page.waitForSelector('#search-results li a');
    const found = await page.locator('#search-results li a').first().getAttribute('href');
    assert.match(found ?? '', /\.html/);
    assert.deepEqual(errors, []);
    await close();
  });

  test('a figure shows its numbers under the pointer, and changes with the theme', async () => {
    const name = pages.find((each) => /^\d/.test(each) && hasFigure(each));
    assert.ok(name, 'a chapter with a figure');
    const { page, close } = await open(browser, disk, name, { colorScheme: 'light' });
    await whenDrawn(page);
    const drawing = page.locator('.plotly-drawing').first();
    const numbers = drawing.locator('.hoverlayer text');
    // Across: somewhere a point is near. Plotly takes its time to answer, more so on a busy machine.
    for (let part = 0.02; part < 1 && (await numbers.count()) === 0; part += 0.03) {
      await drawing.scrollIntoViewIfNeeded();
      const box = (await drawing.locator('.nsewdrag').first().boundingBox())!;
      await page.mouse.move(box.x + box.width * part, box.y + box.height / 2);
      await numbers
        .first()
        .waitFor({ state: 'attached', timeout: 1000 })
        .catch(() => undefined);
    }
    assert.ok((await numbers.count()) > 0, 'no number came up under the pointer');
    const ink = 'getComputedStyle(document.querySelector(".plotly-drawing .modebar-btn path")).fill';
    const light = await page.evaluate<string>(ink);
    await page.emulateMedia({ colorScheme: 'dark' });
    await until(page, `${ink} !== ${JSON.stringify(light)}`);
    await close();
  });

  test('a page read in the dark is printed light, and is dark again afterwards', async () => {
    const { page, errors, close } = await open(browser, disk, 'index.html', { colorScheme: 'dark' });
    const theme = 'document.documentElement.dataset.theme';
    await until(page, `${theme} === 'dark'`);
    const event = (name: string): string => `dispatchEvent(new Event('${name}')), ${theme}`;
    assert.equal(await page.evaluate(event('beforeprint')), 'light');
    assert.equal(await page.evaluate(event('afterprint')), 'dark');
    assert.deepEqual(errors, []);
    await close();
  });

  const hasFigure = (name: string): boolean =>
    fs.readFileSync(path.join(site, name), 'utf8').includes('class="plotly-figure"');
});
