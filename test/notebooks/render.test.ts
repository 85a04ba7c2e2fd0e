import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromiumHere } from '../browser/chromium';
import { executor, fixture, root, script, temporaryFolder, withoutPython } from './project';

describe('pages', { skip: withoutPython }, () => {
  const folder = temporaryFolder();
  const site = path.join(folder, 'site');
  const read = (name: string): string => fs.readFileSync(path.join(site, name), 'utf8');

  before(async () => {
    const executed = path.join(folder, 'executed');
    const { status, output } = await executor('good', executed).ended;
    assert.equal(status, 0, output);
    const long = path.join(folder, 'long.ipynb');
    const cell = (lines: number) => ({
      cell_type: 'code',
      id: `lines-${lines}`,
      metadata: {},
      execution_count: null,
      outputs: [],
      source: [
        "import { linePlot, type Series } from 'resnet-workbook';",
        ...Array.from({ length: lines - 1 }, (_, i) => `const a${i} = ${i};`),
      ].join('\n'),
    });
    const title = { cell_type: 'markdown', id: 'title', metadata: {}, source: '# Long cells' };
    fs.writeFileSync(
      long,
      JSON.stringify({
        nbformat: 4,
        nbformat_minor: 5,
        metadata: { language_info: { name: 'typescript' } },
        cells: [title, cell(12), cell(40)],
      }),
    );
    // `throws` has no executed copy: its page shows it without outputs.
    const options = ['--executed', executed, '--out', site, '--work', path.join(folder, 'work')];
    const rendered = await script('render.mjs', ...options, fixture('good'), fixture('throws'), long);
    assert.equal(rendered.status, 0, rendered.output);
  });
  after(() => {
    fs.rmSync(folder, { recursive: true, force: true });
  });

  test('a figure is there with its data, and plotly is loaded only on pages with one', () => {
    const page = read('good.html');
    const json = /<div class="plotly-drawing"[^>]*><script type="application\/json">(.*?)<\/script>/s.exec(
      page,
    )?.[1];
    const figure = JSON.parse(json ?? 'null') as {
      data: { y: number[] }[];
      layout: { title?: unknown };
    };
    assert.deepEqual(figure.data[0].y, [0.91234, 0.5, 0.25]);
    assert.match(page, /aria-label="Loss over three epochs"/);
    assert.equal(page.match(/<script[^>]+plotly\.min\.js/g)?.length, 1);
    assert.doesNotMatch(read('throws.html'), /plotly\.min\.js/);
    assert.ok(fs.statSync(path.join(site, '_static', 'plotly.min.js')).size > 1e6);
  });
  test('a figure is numbered, with its title below it instead of in it', () => {
    const page = read('good.html');
    assert.match(page, /<figure class="plotly-figure" id="figure-1">/);
    assert.match(page, /<figcaption>Figure 1\. Loss by epoch<\/figcaption>/);
    assert.doesNotMatch(page, /"title": \{"text": "Loss by epoch"/);
  });
  test('where scripts are off a figure has its picture, or its words where no browser could draw it', async () => {
    const instead =
      /<\/script><\/div><noscript>([^\n]*?)<\/noscript><figcaption>/.exec(read('good.html'))?.[1] ?? '';
    if ((await chromiumHere()) === null) {
      assert.equal(instead, '<p>Loss over three epochs</p>');
      return;
    }
    const source = /^<img alt="Loss over three epochs" src="([^"]+)">$/.exec(instead)?.[1];
    assert.match(read(source ?? instead), /^<svg .*class="[^"]*js-line/s);
  });
  test('code that fills a screen can be folded away, and is not at first', () => {
    const folds = read('long.html').match(/<details[^>]*>/g);
    assert.deepEqual(folds, ['<details open class="admonition hide above-input">']);
  });
  test('the reference has every name that notebooks can import', () => {
    const index = fs.readFileSync(path.join(root, 'src', 'index.ts'), 'utf8');
    const exported = [...index.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names]) =>
      names
        .split(',')
        .map((name) => name.replace(/^\s*type\s/, '').trim())
        .filter(Boolean),
    );
    const pages = fs
      .readdirSync(path.join(site, 'reference'))
      .map((name) => read(path.join('reference', name)));
    const found = pages.flatMap((page) =>
      [...page.matchAll(/<h2><code[^>]*><span class="pre">(\w+)<\/span><\/code>/g)].map(([, name]) => name),
    );
    assert.deepEqual(found.sort(), exported.sort());
  });
  test('a name is linked to the reference where it is first imported, and only there', () => {
    const links = read('long.html').match(/href="reference\/[^"]+#api-\w+"/g);
    const page = 'reference/showing-things-in-a-notebook.html';
    assert.deepEqual(links, [`href="${page}#api-lineplot"`, `href="${page}#api-series"`]);
    assert.match(read(page), /id="api-lineplot"/);
  });
  test('mathematics is drawn by the local MathJax', () => {
    const page = read('good.html');
    assert.match(page, /\\\(E = mc\^2\\\)/);
    assert.match(page, /<script[^>]+src="_static\/tex-svg\.js/);
    assert.ok(fs.existsSync(path.join(site, '_static', 'tex-svg.js')));
  });
  test('text, HTML and SVG outputs are there; of a progress bar only its last state', () => {
    const page = read('good.html');
    assert.match(page, /8 b\.txt/);
    assert.match(page, /value="3"><\/progress> step 3 of 3/);
    assert.doesNotMatch(page, /value="1"><\/progress> step 1 of 3/);
    assert.match(page, /<img[^>]+src="_images\/\w+\.svg"/);
  });
  test('the home page lists the chapters with their times', () => {
    const page = read('index.html');
    assert.match(page, /href="good\.html">A notebook that runs</);
    assert.match(page, /about \d+ min to read, \d+ s to run/);
    assert.match(page, /href="throws\.html">Throws</);
    assert.match(page, /<figcaption>Loss by epoch<\/figcaption>/, 'it shows the main figure');
  });
  test('nothing is loaded from outside', () => {
    const files = fs.readdirSync(site, { recursive: true, encoding: 'utf8' });
    for (const name of files.filter((file) => file.endsWith('.html'))) {
      const loaded = read(name).match(
        /<(?:script|link|img|iframe|source)\b[^>]*(?:src|href)="(?:https?:)?\/\/[^"]*"/g,
      );
      assert.equal(loaded, null, name);
    }
    for (const name of files.filter((file) => file.endsWith('.css'))) {
      assert.doesNotMatch(read(name), /(?:url\(|@import\s+)["']?(?:https?:)?\/\//, name);
    }
  });
});
