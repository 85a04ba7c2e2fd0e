import { copyFileSync, existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { saveCheckpoint } from '../../src/checkpoint/save';
import { projectRoot } from '../../src/locations';
import { isCifar, type Network } from '../../src/models/backbones';
import type { ModelCard } from '../../src/models/modelCard';
import { loadModel } from '../../src/models/modelFolder';
import { saveOnnx } from '../../src/onnx/save';
import { fail, fromReader, parse, Trouble } from '../lib/reader.cjs';
import { savePage } from './export/page';
import { onnxScript, torchScript } from './export/scripts';

const HELP = `npm run export -- MODEL --to pth|onnx|page [--out FILE]

Takes a model elsewhere: to torch or ONNX, with a short Python script that uses it there; or into a page.

  MODEL       a model's folder, which npm run train has made
  --to pth    a state dict that torch loads with weights_only=True, for torchvision's network of the same name; beside one
              of the nets for CIFAR-10, cifar_resnet.py is laid, which builds it
  --to onnx   a file for onnxruntime and others: opset 17, batch normalization folded, batches of any size; its metadata
              say the classes, and how pictures are prepared
  --to page   one HTML file in which the model answers pictures, in any newer browser, offline; no picture leaves it. It holds
              the weights and the card: a net for CIFAR-10 makes 1 to 9 MB, resnet50 58 MB, the largest of torchvision's
              290 MB. Of networks with more than 4 million numbers the filters are rounded to 16 bits
  --out FILE  where to (default: model.pth, model.onnx or model.html in the model's folder); a file that is there is not
              replaced
  --help, -h  this text`;

/** What a model can be made into, and how the file's name ends. */
const FORMS = { pth: 'pth', onnx: 'onnx', page: 'html' };
const OPTIONS = { to: { type: 'string' }, out: { type: 'string' } } as const;

async function main(): Promise<void> {
  const parsed = parse(HELP, { options: OPTIONS, allowPositionals: true });
  if (!parsed) return;
  const { to, out } = parsed.values;
  const [folder, ...more] = parsed.positionals;
  if (folder === undefined || more.length > 0)
    throw new Trouble(`Which model? One folder, got ${parsed.positionals.length}. (--help says more)`);
  if (to !== 'pth' && to !== 'onnx' && to !== 'page') {
    const came = to === undefined ? 'it is missing' : `got ${to}`;
    throw new Trouble(`--to must be pth, onnx or page; ${came}.`);
  }
  const target = out === undefined ? join(fromReader(folder), `model.${FORMS[to]}`) : fromReader(out);
  if (existsSync(target))
    throw new Trouble(
      `${target} is there already, and is not replaced.`,
      'remove it, or name another file with --out',
    );

  const { network, card, dispose } = loadModel(fromReader(folder));
  if (!card) throw new Error(`${folder} has no card.`);
  try {
    if (to === 'page') return await toPage(target, network, card);
    if (to === 'pth') saveCheckpoint(target, network.stateDict());
    else toOnnx(target, network, card);
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

function toOnnx(target: string, network: Network, { classes, transforms }: ModelCard): void {
  const { cropSize, resizeSize, mean, std, interpolation } = transforms;
  const about = { classes, mean, std, resize_size: resizeSize, crop_size: cropSize, interpolation };
  const metadata = Object.fromEntries(
    Object.entries(about).map(([name, value]) => [name, JSON.stringify(value)]),
  );
  saveOnnx(target, network, { size: cropSize, metadata });
}

async function toPage(target: string, network: Network, card: ModelCard): Promise<void> {
  const { rounding } = await savePage(target, network, card);
  console.log(`Wrote ${target}, ${(statSync(target).size / 1e6).toFixed(1)} MB: open it in a browser.`);
  if (rounding) console.log(rounding);
}

main().catch(fail);
