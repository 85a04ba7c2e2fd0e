"""How far torch's bfloat16 autocast is off its float32: writes test/golden/precision.json.

    pip install torch==2.14.1 torchvision==0.29.1 numpy; python test/golden/precision.py

bfloat16 rounds to three decimal digits, and what comes out depends on where a library rounds: the numbers themselves cannot
be compared, how far they are off can.
"""

import json
from pathlib import Path

import torch
from cifar import Cifar
from formula import fill, number, uniform
from torch import nn
from torchvision.models import resnet18

torch.set_num_threads(2)

NETS = {
    "cifar 20 A": (lambda: Cifar(20, "A"), 32, 10),
    "resnet18": (lambda: resnet18(num_classes=10), 64, 10),
}


def run(build, side, classes, bfloat16):
    """Logits in evaluation and in training mode, and all gradients of the latter in one vector."""
    pictures = uniform("pictures", (16, 3, side, side)) * 2
    labels = torch.arange(16) % classes
    model = fill(build())
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        evaluated = model.eval()(pictures).float()
        trained = model.train()(pictures)
        loss = nn.functional.cross_entropy(trained.float(), labels)
    loss.backward()
    return evaluated, trained.float(), torch.cat([p.grad.flatten() for p in model.parameters()])


def distance(a, b):
    """The length of the difference, as a part of the length."""
    return number((a - b).norm() / b.norm(), 3)


records = {}
for name, (build, side, classes) in NETS.items():
    parts = zip(["evaluated", "trained", "gradients"], *(run(build, side, classes, bf) for bf in (True, False)))
    records[name] = {part: distance(a.detach(), b.detach()) for part, a, b in parts}
    print(name, records[name])
(Path(__file__).resolve().parent / "precision.json").write_text(json.dumps(records, indent=1) + "\n")
