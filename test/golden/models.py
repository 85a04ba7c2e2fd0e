"""What torch and torchvision compute for every ResNet: writes test/golden/models.json.

    pip install torch==2.14.1 torchvision==0.29.1 numpy
    python test/golden/models.py [NAME ...]

Weights and pictures come from formula.py.
"""

from functools import partial
from pathlib import Path

from record import record, write
from torch import nn
from torchvision.models import resnet
from torchvision.ops import FrozenBatchNorm2d

BUILDERS = [name for name in resnet.__all__ if name[0].islower()]
WITH_SGD = ("resnet18", "resnext50_32x4d")

VARIANTS = {
    "dilation": lambda: resnet.resnet50(replace_stride_with_dilation=[False, True, True]),
    "dilated and grouped": lambda: resnet.resnext50_32x4d(replace_stride_with_dilation=[True, False, True]),
    "frozen": lambda: resnet.resnet18(norm_layer=FrozenBatchNorm2d),
    "group norm": lambda: resnet.resnet50(norm_layer=lambda channels: nn.GroupNorm(32, channels)),
}

# from the first to the last: convolutions (grouped ones too), a projection, normalizations, the classifier
PARAMETERS = [
    "conv1.weight", "bn1.weight", "bn1.bias", "layer1.0.conv1.weight", "layer2.0.conv2.weight",
    "layer2.0.downsample.0.weight", "layer3.0.conv1.weight", "layer4.0.conv2.weight", "layer4.1.bn2.weight",
    "fc.weight", "fc.bias",
]  # fmt: skip
BUFFERS = ["bn1.*", "layer3.0.bn2.*", "layer4.1.bn2.*"]


def make(name, dtype):
    return record(
        VARIANTS.get(name) or getattr(resnet, name),
        side=64,
        labels=[1, 2, 3, 999],
        stride=50,
        parameters=PARAMETERS,
        buffers=BUFFERS,
        adam_steps=5 if name in BUILDERS else 0,
        sgd_steps=5 if name in WITH_SGD else 0,
        dtype=dtype,
    )


write(Path(__file__).resolve().parent / "models.json", {name: partial(make, name) for name in [*BUILDERS, *VARIANTS]})
