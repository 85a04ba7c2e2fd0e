"""What torch computes for the paper's nets for CIFAR-10 (section 4.2): writes test/golden/cifar.json.

    pip install torch==2.14.1 torchvision==0.29.1 numpy; python test/golden/cifar.py [NAME ...]

Names of parameters are those of github.com/akamaster/pytorch_resnet_cifar10, whose checkpoints the workbook reads.
"""

from functools import partial
from pathlib import Path

from record import record, write
from torch import nn
from torch.nn import functional as F


def conv(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)


class PadChannels(nn.Module):
    """Option A: every other pixel, and new channels of zeros around the old ones."""

    def __init__(self, extra):
        super().__init__()
        self.before, self.after = extra // 2, extra - extra // 2

    def forward(self, x):
        return F.pad(x[..., ::2, ::2], (0, 0, 0, 0, self.before, self.after))


class Block(nn.Module):
    def __init__(self, inputs, planes, stride, option):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, planes, 3, stride), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv(planes, planes, 3), nn.BatchNorm2d(planes)
        self.plain = option == "none"
        changes = stride != 1 or inputs != planes
        if option == "C" or (option == "B" and changes):
            self.shortcut = nn.Sequential(conv(inputs, planes, 1, stride), nn.BatchNorm2d(planes))
        elif option == "A" and changes:
            self.shortcut = PadChannels(planes - inputs)
        else:
            self.shortcut = nn.Identity()

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y if self.plain else y + self.shortcut(x))


class PreActBlock(nn.Module):
    """arXiv:1603.05027; in a stage's first block both paths get what was activated (its appendix)."""

    def __init__(self, inputs, planes, stride, option, first):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, planes, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(planes), conv(planes, planes, 3)
        self.first = first
        changes = stride != 1 or inputs != planes
        self.shortcut = nn.Identity()
        if option == "A" and changes:
            self.shortcut = PadChannels(planes - inputs)
        elif changes:
            self.shortcut = nn.Sequential(conv(inputs, planes, 1, stride), nn.BatchNorm2d(planes))

    def forward(self, x):
        activated = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(activated))))
        return y + self.shortcut(activated if self.first else x)


class Cifar(nn.Module):
    def __init__(self, depth, option, widths=(16, 32, 64), classes=10):
        super().__init__()
        self.conv1, self.bn1 = conv(3, widths[0], 3), nn.BatchNorm2d(widths[0])
        inputs = widths[0]
        for stage, width in enumerate(widths):
            blocks = []
            for i in range((depth - 2) // 6):
                blocks.append(Block(inputs, width, 2 if stage > 0 and i == 0 else 1, option))
                inputs = width
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.linear = nn.Linear(inputs, classes)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.layer3(self.layer2(self.layer1(y)))
        return self.linear(y.mean((2, 3)))


class PreActCifar(nn.Module):
    def __init__(self, depth, option):
        super().__init__()
        self.conv1, self.bn1 = conv(3, 16, 3), nn.BatchNorm2d(64)
        inputs = 16
        for stage, width in enumerate((16, 32, 64)):
            blocks = []
            for i in range((depth - 2) // 6):
                blocks.append(PreActBlock(inputs, width, 2 if stage > 0 and i == 0 else 1, option, i == 0))
                inputs = width
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.linear = nn.Linear(inputs, 10)

    def forward(self, x):
        y = self.layer3(self.layer2(self.layer1(self.conv1(x))))
        return self.linear(F.relu(self.bn1(y)).mean((2, 3)))


NETS = {
    "20 A": (20, "A"),
    "20 B": (20, "B"),
    "20 C": (20, "C"),
    "20 none": (20, "none"),
    "56 A": (56, "A"),
    "110 A": (110, "A"),
    "8 A, other widths": (8, "A", (5, 12, 13), 7),
    "20 A, preact": (20, "A"),
    "20 B, preact": (20, "B"),
}
PARAMETERS = [
    "conv1.weight", "bn1.weight", "bn1.bias", "layer1.0.conv1.weight", "layer2.0.conv1.weight",
    "layer2.0.shortcut.0.weight", "layer3.0.bn2.weight", "linear.weight", "linear.bias",
]  # fmt: skip
BUFFERS = ["bn1.*", "layer2.0.bn1.*", "layer3.0.bn2.*"]


def make(name, dtype):
    return record(
        lambda: (PreActCifar if "preact" in name else Cifar)(*NETS[name]),
        side=32,
        labels=[1, 2, 3, 0, 6, 5],
        stride=1,
        parameters=PARAMETERS,
        buffers=BUFFERS,
        adam_steps=5,
        sgd_steps=5 if name == "20 A" else 0,
        dtype=dtype,
    )


if __name__ == "__main__":
    write(Path(__file__).resolve().parent / "cifar.json", {name: partial(make, name) for name in NETS})
