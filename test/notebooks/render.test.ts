import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromiumHere } from '../browser/chromium';
import { load } from '../setup/scripts';
import { executor, fixture, root, script, temporaryFolder, withoutPython } from './project';

const QUOTES = `# Quotes

> **Exercise 1**
>
> How *many*?

> **By the way**
>
> A note.

> **Bold** words begin this.
`;

const FORMULAS = `# Formulas

$$ x = 1 $$

By {eq}\`named\` and a star:

$$ y = 2 $$ (named)

\\begin{align*}
a &= b
\\end{align*}

\\begin{align}
a &= b \\\\
c &= d
\\end{align}

By signs: $a < b > c \\text{"@}$
`;

/** What elements hold. */
const text = (html: string): string => html.replace(/<[^>]*>/g, '');

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
    const notebook = (...cells: object[]): string =>
      JSON.stringify({
        nbformat: 4,
        nbformat_minor: 5,
        metadata: { language_info: { name: 'typescript' } },
        cells,
      });
    fs.writeFileSync(long, notebook(title, cell(12), cell(40)));
    const formulas = path.join(folder, 'formulas.ipynb');
    fs.writeFileSync(formulas, notebook({ ...title, source: FORMULAS }));
    const quotes = path.join(folder, 'quotes.ipynb');
    fs.writeFileSync(quotes, notebook({ ...title, source: QUOTES }));
    // `throws` has no executed copy: its page shows it without outputs.
    const options = ['--executed', executed, '--out', site, '--work', path.join(folder, 'work')];
    const notebooks = [fixture('good'), fixture('throws'), long, formulas, quotes];
    const rendered = await script('pages/render.mjs', ...options, ...notebooks);
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
    assert.match(
      page,
      /<figure id="figure-2"><b>Bold<\/b><figcaption>Figure 2\. In &lt;HTML&gt;<\/figcaption><\/figure>/,
    );
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
  test('a quote that begins with a line in bold is a box, an exercise one of its own kind; others stay quotes', () => {
    const page = read('quotes.html');
    const boxes = page.match(
      /<div class="(?:question |note )?admonition[^>]*>\s*<p class="admonition-title">.*?<\/p>/g,
    );
    assert.deepEqual(boxes, [
      '<div class="question admonition">\n<p class="admonition-title">Exercise 1</p>',
      '<div class="note admonition">\n<p class="admonition-title">By the way</p>',
    ]);
    assert.match(
      page,
      /<p class="admonition-title">Exercise 1<\/p>\s*<p>How <em>many<\/em>\?<\/p>\s*<\/div>/,
    );
    assert.match(page, /<blockquote>\s*<div><p><strong>Bold<\/strong> words/);
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
  test('the pages of the reference name the versions that they were made from', () => {
    const { version, devDependencies, dependencies } = JSON.parse(
      fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
    ) as { version: string } & Record<string, Record<string, string>>;
    const versions = [
      `resnet-workbook ${version}`,
      `TypeScript ${devDependencies.typescript}`,
      `tfjs-node ${dependencies['@tensorflow/tfjs-node']}`,
    ];
    for (const name of fs.readdirSync(path.join(site, 'reference'))) {
      const note = /<p class="run-note">(Made from .*)<\/p>/.exec(read(path.join('reference', name)))?.[1];
      for (const each of versions) assert.ok(note?.includes(each), `${name}: ${each}`);
    }
  });
  test('a name is linked to the reference where it is first imported, and only there', () => {
    const links = read('long.html').match(/href="reference\/[^"]+#api-\w+"/g);
    const page = 'reference/every-notebook-tables-figures-pictures-progress.html';
    assert.deepEqual(links, [`href="${page}#api-lineplot"`, `href="${page}#api-series"`]);
    assert.match(read(page), /id="api-lineplot"/);
  });
  test('formulas need no script: they are drawn, and there to be read', () => {
    const page = read('good.html');
    const [, drawn, mathml] =
      /<span class="math[^>]*><mjx-container[^>]*>(<svg.*?<\/svg>)<mjx-assistive-mml[^>]*>(.*?)<\/mjx-assistive-mml>/.exec(
        page,
      ) ?? [];
    assert.equal(drawn.match(/<path [^>]*\bd="M/g)?.length, 5, 'a glyph for each of E = m c 2');
    assert.match(drawn, /fill="currentColor"/);
    assert.match(drawn, /aria-hidden="true"/);
    assert.equal(text(mathml), 'E=mc2');
    assert.match(
      page,
      /<mjx-container[^>]* display="true"[^>]* tabindex="0" role="group" aria-label="Equation"/,
    );
    assert.doesNotMatch(page, /\\\(|\\\[|\\sum|window\.MathJax/);
    for (const name of ['good.html', 'formulas.html'])
      assert.doesNotMatch(read(name), /<script[^>]+(?:mathjax|tex-svg)/i);
  });
  test('displayed equations have numbers within their page, and links that lead to them', () => {
    assert.match(read('good.html'), /id="equation-1">\s*<span class="eqno">\(1\)<a [^>]*href="#equation-1"/);
    const page = read('formulas.html');
    const numbered = page.match(/id="equation-[^"]+">\s*<span class="eqno">\(\d\)/g);
    assert.deepEqual(
      numbered?.map((each) => each.replace(/\s+/g, '')),
      ['equation-1', 'equation-named', 'equation-3'].map(
        (id, index) => `id="${id}"><spanclass="eqno">(${index + 1})`,
      ),
    );
    assert.equal(page.match(/<div class="[^"]*\bmath\b/g)?.length, 4, 'one has a star, and so no number');
    assert.match(page, /href="#equation-named">\(2\)<\/a>/);
  });
  test('a formula keeps what HTML would read as its own', () => {
    const mathml = /By signs: .*?<math[^>]*>(.*?)<\/math>/s.exec(read('formulas.html'))?.[1] ?? '';
    assert.equal(text(mathml), 'a&lt;b&gt;c"@');
  });
  test('a formula that TeX cannot read is named with its page and what is wrong', async () => {
    const { drawFormulas } = await load<{ drawFormulas(formulas: object[]): Promise<unknown> }>(
      'data-scripts/pages/formulas.mjs',
    );
    const formulas = ['x', 'x_\\foo', '\\frac{1', '\\eqref{a}'].map((tex) => ({
      tex,
      display: false,
      page: 'page',
    }));
    await assert.rejects(drawFormulas(formulas), {
      name: 'Trouble',
      message: [
        "Formulas that can't be read:",
        'page: x_\\foo\n  Undefined control sequence \\foo',
        'page: \\frac{1\n  Missing close brace',
        'page: \\eqref{a}\n  name an equation as in $$ x = 1 $$ (name), and refer by {eq}`name`',
      ].join('\n'),
    });
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
