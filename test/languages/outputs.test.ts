import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { load } from '../setup/scripts';

interface Translator {
  bundle(data: Record<string, unknown>): Record<string, unknown>;
  code(text: string, language?: 'typescript' | 'python'): string;
  phrase(text: string): string;
  printed(text: string): string;
}
type Make = (
  dictionary: {
    outputs: Record<string, string>;
    comments: Record<string, string>;
    words: { fonts?: string[] };
  },
  options?: { onMissing?(kind: string, english: string): void },
) => Translator;

const PLOTLY = 'application/vnd.plotly.v1+json';

describe('outputs in another language', () => {
  let make: Make;
  before(async () => {
    ({ translator: make } = (
      await load<{ default: { translator: Make } }>('data-scripts/languages/outputs.cjs')
    ).default);
  });

  /** A translator, and what it found no entry for. */
  function translating(outputs: Record<string, string>, comments: Record<string, string> = {}) {
    const missing: string[] = [];
    const words = { fonts: ['Noto Sans CJK SC'] };
    const translator = make({ outputs, comments, words }, { onMissing: (_, text) => missing.push(text) });
    return { ...translator, missing };
  }

  test('a hole takes anything, which is looked up by itself; holes may change places', () => {
    const { phrase, missing } = translating({
      '{} of {} {}': '{2}{3}中的{1}',
      pictures: '张图片',
      'Loss of {}': '{}的损失',
    });
    assert.equal(phrase('3 of 12 pictures'), '12张图片中的3');
    assert.equal(phrase('Loss of plain-20'), 'plain-20的损失');
    assert.deepEqual(missing, []);
    assert.equal(phrase('3 of 12 things'), '3 of 12 things');
    assert.deepEqual(missing, ['3 of 12 things']);
  });
  test('of two entries that fit, the one that says more is taken', () => {
    const { phrase } = translating({
      '{} {}': '不对',
      '{} by {}': '不对',
      'error by {}': '按{}的误差',
      depth: '深度',
    });
    assert.equal(phrase('error by depth'), '按深度的误差');
  });
  test('a text made of known ones needs no entry: progress, what figures show', () => {
    const { phrase, printed } = translating({
      'Epoch {}/{}': '第{}/{}次',
      training: '训练',
      '{} s left': '还需{}秒',
      'loss {}': '损失{}',
      'Figure: {}': '图：{}',
      'Test error': '测试误差',
      '{} from {} to {}': '{}从{}到{}',
    });
    assert.equal(
      phrase('Epoch 2/9, training: 3/12, 4.1 s left, loss 0.5'),
      '第2/9次，训练：3/12，还需4.1秒，损失0.5',
    );
    assert.equal(
      phrase('Figure: Test error. plain-20 from 9 to 3; training from 1 to 0.'),
      '图：测试误差。plain-20从9到3；训练从1到0。',
    );
    assert.equal(printed('  loss 1\n[1, 56, 56]\n'), '  损失1\n[1, 56, 56]\n');
  });
  test('names in code, numbers and paths have no words', () => {
    const { phrase, missing } = translating({});
    for (const text of [
      'layer1.0.conv1',
      'BasicBlock(64, 64)',
      '25,557,032',
      'ResNet-34',
      'src/models/resnet.ts',
      '0_cat',
      '/home/somebody/pictures',
      'Intel(R) Xeon(R) Processor',
      'Intel(R) Core(TM) i7-9700 CPU @ 3.00GHz',
      'Apple M1',
    ])
      assert.equal(phrase(text), text);
    assert.deepEqual(missing, []);
  });
  test('HTML: texts and what is read aloud, not code, styles or entities', () => {
    const { bundle } = translating({ 'a & b': '甲 < 乙', picture: '图片' });
    const html =
      '<figure aria-label="picture"><style>p { color: red }</style><img alt="picture"><b>a &amp; b</b><code>a picture</code></figure>';
    assert.equal(
      bundle({ 'text/html': html, 'text/plain': 'picture' })['text/html'],
      '<figure aria-label="图片"><style>p { color: red }</style><img alt="图片"><b>甲 &lt; 乙</b><code>a picture</code></figure>',
    );
  });
  test('plotly: titles, names, categories and hover texts; numbers and settings stay; a font that has the characters', () => {
    const { bundle, missing } = translating({ loss: '损失', epoch: '轮', 'a title': '标题', first: '第一' });
    const drawing = {
      data: [
        {
          name: 'loss',
          type: 'scatter',
          mode: 'lines',
          x: ['first', '2'],
          y: [1, 2],
          hovertemplate: 'epoch %{x}, loss %{y:.4~g}<extra></extra>',
        },
      ],
      layout: {
        title: { text: 'a title' },
        xaxis: { title: { text: 'epoch' }, type: 'category' },
        hovermode: 'x unified',
        font: { family: 'system-ui' },
      },
    };
    assert.deepEqual(bundle({ [PLOTLY]: drawing })[PLOTLY], {
      data: [
        {
          name: '损失',
          type: 'scatter',
          mode: 'lines',
          x: ['第一', '2'],
          y: [1, 2],
          hovertemplate: '轮 %{x}, 损失 %{y:.4~g}<extra></extra>',
        },
      ],
      layout: {
        title: { text: '标题' },
        xaxis: { title: { text: '轮' }, type: 'category' },
        hovermode: 'x unified',
        font: { family: '"Noto Sans CJK SC", system-ui' },
      },
    });
    assert.deepEqual(missing, []);
  });
  test('comments of shown source, in Markdown and side by side', () => {
    const { bundle } = translating(
      { '*{}, lines {}*': '*{}，第{}行*' },
      { 'Adds one.': '加一。', 'See note': '见说明', 'Is long.': '长'.repeat(60) },
    );
    const { 'text/markdown': markdown } = bundle({
      'text/markdown': '```typescript\n// Adds one.\nf(1);\n```\n\n*`a.ts`, lines 1–2*',
    });
    assert.equal(markdown, '```typescript\n// 加一。\nf(1);\n```\n\n*`a.ts`，第1–2行*');
    const line = (text: string, left = 4) =>
      `<div style="padding-left:${left}ch;text-indent:-4ch">${text}</div>`;
    const code = (...lines: string[]) => `<code style="min-width:0">${lines.join('')}</code>`;
    const { 'text/html': html } = bundle({
      'text/html':
        code(line('# See note'), line('x = f(&#39;# no&#39;)')) +
        code(line('{'), line('// Adds one.', 6), line('f(a &lt; 1);', 6), line('}')) +
        code(line('// Is long.')),
    });
    assert.equal(
      html,
      code(line('# 见说明'), line('x = f(&#39;# no&#39;)')) +
        code(line('{'), line('// 加一。', 6), line('f(a &lt; 1);', 6), line('}')) +
        code(line(`// ${'长'.repeat(60)}`)), // a column breaks it by itself
    );
  });
});

describe('comments in another language', () => {
  let make: Make;
  before(async () => {
    ({ translator: make } = (
      await load<{ default: { translator: Make } }>('data-scripts/languages/outputs.cjs')
    ).default);
  });
  const translate = (comments: Record<string, string>, text: string, language?: 'python') =>
    make({ outputs: {}, comments, words: {} }).code(text, language);

  test('lines of one comment are one paragraph; lists and tags are their own', () => {
    const comments = {
      'Adds one to what is given.': '加一。',
      '@param a - what is given': '@param a - 给定的数',
      '@returns more': '@returns 更多',
    };
    const code =
      '/**\n * Adds one\n * to what is given.\n *\n * @param a - what is given\n * @returns more\n */\nfunction f(a) {}';
    assert.equal(
      translate(comments, code),
      '/**\n * 加一。\n * @param a - 给定的数\n * @returns 更多\n */\nfunction f(a) {}',
    );
    assert.equal(
      translate({ 'Adds one to it.': '加一。' }, '  // Adds one\n  // to it.\n  a++;'),
      '  // 加一。\n  a++;',
    );
  });
  test('long ones are broken at 80 columns, two for a character, and no line begins with a mark', () => {
    const chinese = `${'残'.repeat(38)}，${'差'.repeat(10)}`;
    const lines = translate({ 'A comment.': chinese }, '// A comment.\nf();').split('\n');
    assert.deepEqual(lines, [`// ${'残'.repeat(38)}，`, `// ${'差'.repeat(10)}`, 'f();']);
  });
  test('what is no comment is left: strings, templates, regular expressions, directives', () => {
    const code =
      "const a = '// A comment.';\nconst b = `// A comment. ${'/* A comment. */'}`;\nconst c = /\\/\\/ A comment./;\n// @ts-expect-error A comment.\nd();";
    assert.equal(translate({ 'A comment.': '注释' }, code), code);
    assert.equal(
      translate({ 'A comment.': '注释' }, "x = '# A comment.'  # A comment.", 'python'),
      "x = '# A comment.'  # 注释",
    );
  });
  test('where one paragraph has none, the whole comment stays English', () => {
    const code = '/**\n * One.\n *\n * Two.\n */\nf();';
    assert.equal(translate({ 'One.': '一。' }, code), code);
  });
});
