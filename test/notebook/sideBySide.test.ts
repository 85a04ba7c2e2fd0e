import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import {
  align,
  pythonStatements,
  sideBySideHtml,
  torchvisionSource,
  typescriptStatements,
} from '../../src/notebook/sideBySide';
import { besideTorchvision, findSource } from '../../src/notebook/source';

const PYTHON = `
def other(x):
    return x

class Unit(nn.Module):
    def __init__(
        self,
        planes: int,  # with a comment (
    ) -> None:
        """Documentation
        of two lines."""
        super().__init__()
        # the first
        self.conv1 = conv3x3(
            planes, planes
        )
        self.text = "a ) bracket"

    def forward(self, x: Tensor) -> Tensor:
        """One line."""
        if self.down is not None:
            x = self.down(x)
        return self.conv1(x)

@decorated()
def last(x):
    return x
`;

test("Python's statements: whole, with their comments and decorators, without documentation", () => {
  assert.deepEqual(pythonStatements(PYTHON, 'Unit.__init__'), [
    'def __init__(\n    self,\n    planes: int,  # with a comment (\n) -> None:',
    '    super().__init__()',
    '    # the first\n    self.conv1 = conv3x3(\n        planes, planes\n    )',
    '    self.text = "a ) bracket"',
  ]);
  assert.equal(pythonStatements(PYTHON, 'Unit').length, 9);
  assert.deepEqual(pythonStatements(PYTHON, 'last'), ['@decorated()', 'def last(x):', '    return x']);
  assert.deepEqual(pythonStatements(PYTHON, 'Unit.backward'), []);
  assert.deepEqual(pythonStatements(PYTHON, 'conv3x3'), []);
});

test("TypeScript's statements together are the whole text, closing brackets and comments too", () => {
  const names = ['conv3x3', 'BasicBlock', 'Bottleneck', 'ResNet.constructor', 'ResNet._makeLayer'];
  for (const name of [...names, 'ResNet.forward', '_resnet', 'resnet34']) {
    const { text } = findSource(name);
    const solid = (code: string) => code.replace(/\s+/g, '');
    const pieces = typescriptStatements(text, ts, name.includes('.'));
    assert.equal(solid(pieces.join('')), solid(text), name);
  }
});

test('what says the same in both languages is the same, and nothing else is', () => {
  const isSame = (theirs: string, ours: string) => align([theirs], [ours])[0].same;
  assert.ok(isSame('out = self.bn1(out)', 'out = this.bn1.forward(out); // F(x)'));
  assert.ok(isSame('down = None', 'let down: Module | null = null;'));
  assert.ok(isSame('if self.down is not None:', 'if (this.down !== null) {'));
  assert.ok(isSame('width = int(a * (b / 64.0)) * g', 'const width = Math.trunc(a * (b / 64)) * g;'));
  assert.ok(isSame('nn.Conv2d(a, kernel_size=1, stride=stride)', 'new Conv2d(a, { kernelSize: 1, stride })'));
  for (const [theirs, ours] of [
    ['if dilation > 1:', 'if (dilation < 1) {'],
    ['if groups != 1 or width != 64:', 'if (groups !== 1 && width !== 64) {'],
    ['if groups != 1:', 'if (groups === 1) {'],
    ['self.conv = conv3x3(planes, planes)', 'this.conv = conv3x3(planes);'],
    ['self.conv = conv3x3(inplanes, planes)', 'this.conv = conv3x3(planes, inplanes);'],
    ['out += identity', 'out = tf.add(out, identity);'],
    ['stride = 1', 'stride = 2;'],
    ['self.bn = norm_layer(width)', 'this.bn = normLayer(widths);'],
  ])
    assert.ok(!isSame(theirs, ours), `${theirs} | ${ours}`);
});

test('partners keep their order; what has none stands alone', () => {
  const rows = align(
    ['a = f(x)', 'b = g(a)', 'c = h(b)'],
    ['const a = f(x);', 'const z = 0;', 'const c = h(b);'],
  );
  assert.deepEqual(
    rows.map(({ theirs, ours }) => [theirs?.[0] ?? '', ours?.[6] ?? '']),
    [
      ['a', 'a'],
      ['b', ''],
      ['', 'z'],
      ['c', 'c'],
    ],
  );
});

test('what torchvision writes is text on the page, not markup', () => {
  const row = { theirs: 'a < b and "<script>"', ours: null, same: false, reason: '<i>' };
  const html = sideBySideHtml([row], { theirs: '<b>', ours: 'ours' });
  assert.ok(!/<script>|<i><i>/.test(html) && html.includes('&lt;script&gt;') && html.includes('&lt;b&gt;'));
});

const SHOWN = ['conv3x3', 'conv1x1', 'BasicBlock', 'Bottleneck', 'ResNet.constructor', 'ResNet._makeLayer'];
for (const name of [...SHOWN, 'ResNet.forward', '_resnet', 'resnet34']) {
  test(`${name}: each statement of torchvision's has its partner in ours, or a reason`, (t) => {
    const torchvision = torchvisionSource();
    if (!torchvision) return t.skip("torchvision's source is not here: npm run setup");
    const rows = besideTorchvision(findSource(name));
    assert.ok(Array.isArray(rows));
    for (const { theirs, ours, reason } of rows)
      assert.ok((theirs && ours) || reason, `no partner and no reason: ${theirs ?? ours}`);
    assert.ok(rows.some(({ same }) => same) || ['_resnet', 'resnet34'].includes(name));
  });
}

test('what torchvision does not have is shown alone', () => {
  assert.equal(besideTorchvision(findSource('trainAndEval')), 'not-there');
  if (torchvisionSource()) assert.equal(besideTorchvision(findSource('BlockOptions')), 'not-there');
});
