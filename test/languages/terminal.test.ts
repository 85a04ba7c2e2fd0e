import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { load, root } from '../setup/scripts';

interface Terminal {
  lineTranslator(language: object): (text: string) => string;
}
interface Overlay {
  readLanguage(code: string, notebooks: string): object;
}

test('what npm start says, in Chinese: signs, lines that are written over and paths stay', async () => {
  const { lineTranslator } = await load<Terminal>('data-scripts/languages/terminal.mjs');
  const { readLanguage } = await load<Overlay>('data-scripts/languages/overlay.mjs');
  const translated = lineTranslator(readLanguage('zh', path.join(root, 'notebooks')));
  assert.equal(translated('Executing 4 notebooks\n'), '运行4个笔记本\n');
  assert.equal(
    translated('\r\x1b[K⠋ Pages: 12 s, usually about 1 min 02 s'),
    '\r\x1b[K⠋ 页面：12秒，通常约1分02秒',
  );
  assert.equal(translated('✓ npm packages (1 min 02 s)\n'), '✓ npm软件包（1分02秒）\n');
  assert.equal(
    translated('Pages: site/index.html\n       file:///home/a b/site/index.html\n'),
    '页面：site/index.html\n       file:///home/a b/site/index.html\n',
  );
  assert.equal(
    translated('The drawings are there: /home/me/.data/drawings\n'),
    '图画已经有了：/home/me/.data/drawings\n',
  );
  assert.equal(
    translated(
      'Fine-tuned: 90.1 % (64 of 71; 95 % interval 81.0 % to 95.1 %) on validation, 2.8 points more, with a standard error of 1.9.',
    ),
    '微调之后：验证集上90.1 %（71张中64张；95%区间81.0 %到95.1 %），多2.8个百分点，标准误为1.9。',
  );
  assert.equal(translated('something else\n'), 'something else\n');
});
