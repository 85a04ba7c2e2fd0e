import { basename } from 'node:path';
import { isCifar } from '../../../src/models/backbones';
import type { ModelCard } from '../../../src/models/modelCard';

/** Strings, numbers and lists of them are written alike in JSON and in Python. */
const literal = (value: unknown): string => JSON.stringify(value);

/** A Python script that answers a picture with the network in a .pth file. */
export function torchScript(file: string, { classes, backbone, transforms }: ModelCard): string {
  const { resizeSize, cropSize, mean, std } = transforms;
  const [, depth, width = '1'] = /^resnet(\d+)(?:x(\d+))?_cifar$/.exec(backbone) ?? []; // "resnet20x2_cifar"
  const [from, build] = isCifar(backbone)
    ? [
        'from cifar_resnet import CifarResNet',
        `CifarResNet(${depth}, num_classes=${classes.length}, width=${width})`,
      ]
    : [`from torchvision.models import ${backbone}`, `${backbone}(num_classes=${classes.length})`];
  return `import torch
from PIL import Image
from torchvision import transforms as T
${from}

classes = ${literal(classes)}
net = ${build}.eval()
net.load_state_dict(torch.load(${literal(basename(file))}, weights_only=True))
see = T.Compose([T.Resize(${resizeSize}), T.CenterCrop(${cropSize}), T.ToTensor(), T.Normalize(${literal(mean)}, ${literal(std)})])
print(classes[net(see(Image.open("picture.jpg").convert("RGB"))[None]).argmax()])`;
}

/** The same with onnxruntime and an ONNX file, which says itself what its classes are and how pictures are prepared. */
export function onnxScript(file: string): string {
  return `import json
import numpy as np
import onnxruntime
from PIL import Image

net = onnxruntime.InferenceSession(${literal(basename(file))})
about = {key: json.loads(value) for key, value in net.get_modelmeta().custom_metadata_map.items()}
picture, size, crop = Image.open("picture.jpg").convert("RGB"), about["resize_size"], about["crop_size"]
picture = picture.resize([int(size * side / min(picture.size)) for side in picture.size], Image.Resampling.BILINEAR)
left, top = [round((side - crop) / 2) for side in picture.size]
x = (np.float32(picture.crop((left, top, left + crop, top + crop))) / 255 - about["mean"]) / about["std"]
(logits,) = net.run(None, {"pictures": x.transpose(2, 0, 1)[None].astype(np.float32)})
print(about["classes"][logits.argmax()])`;
}
