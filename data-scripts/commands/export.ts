import { copyFileSync, existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { saveCheckpoint } from '../../src/checkpoint/save';
import { projectRoot } from '../../src/locations';
import { loadModel } from '../../src/models/modelFolder';
import { saveOnnx } from '../../src/onnx/save';
import { fail, fromReader, parse, Trouble } from '../lib/reader.cjs';
import { isCifar, onnxScript, torchScript } from './export/scripts';

const HELP = `npm run export -- MODEL --to pth|onnx [--out FILE]

Takes a model elsewhere, and prints a short Python script that uses it there.

  MODEL       a model's folder, which npm run train has made
  --to pth    a state dict that torch loads with weights_only=True, for torchvision's network of the same name; beside one
              of the nets for CIFAR-10, cifar_resnet.py is laid, which builds it
  --to onnx   a file for onnxruntime and others: opset 17, batch normalization folded, batches of any size; its metadata
              say the classes, and how pictures are prepared
  --out FILE  where to (default: model.pth or model.onnx in the model's folder); a file that is there is not replaced
  --help, -h  this text`;

const OPTIONS = { to: { type: 'string' }, out: { type: 'string' } } as const;

function main(): void {
  const parsed = parse(HELP, { options: OPTIONS, allowPositionals: true });
  if (!parsed) return;
  const { to, out } = parsed.values;
  const [folder, ...more] = parsed.positionals;
  if (folder === undefined || more.length > 0)
    throw new Trouble(`Which model? One folder, got ${parsed.positionals.length}. (--help says more)`);
  if (to !== 'pth' && to !== 'onnx') {
    const came = to === undefined ? 'it is missing' : `got ${to}`;
    throw new Trouble(`--to must be pth or onnx; ${came}.`);
  }
  const target = out === undefined ? join(fromReader(folder), `model.${to}`) : fromReader(out);
  if (existsSync(target))
    throw new Trouble(
      `${target} is there already, and is not replaced.`,
      'remove it, or name another file with --out',
    );

  const { network, card, dispose } = loadModel(fromReader(folder));
  if (!card) throw new Error(`${folder} has no card.`);
  try {
    if (to === 'pth') saveCheckpoint(target, network.stateDict());
    else {
      const { cropSize, resizeSize, mean, std, interpolation } = card.transforms;
      const { classes } = card;
      const about = { classes, mean, std, resize_size: resizeSize, crop_size: cropSize, interpolation };
      const metadata = Object.fromEntries(
        Object.entries(about).map(([name, value]) => [name, JSON.stringify(value)]),
      );
      saveOnnx(target, network, { size: cropSize, metadata });
    }
  } finally {
    dispose();
  }
  console.log(`Wrote ${target}.`);
  if (to === 'pth' && isCifar(card.backbone)) {
    const builder = join(dirname(target), 'cifar_resnet.py');
    copyFileSync(join(projectRoot(), 'data-scripts', 'commands', 'export', 'cifar_resnet.py'), builder);
    console.log(`Wrote ${builder}, which builds the network in torch.`);
  }
  const script = to === 'pth' ? torchScript(target, card) : onnxScript(target);
  console.log(`\nIn Python, where ${basename(target)} lies:\n\n${script}`);
}

try {
  main();
} catch (error) {
  fail(error);
}
