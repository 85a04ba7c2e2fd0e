"""The residual networks for CIFAR-10 of arXiv:1512.03385, section 4.2, with shortcuts of option A, as ResNet Workbook
builds them. Names of parameters are those of github.com/akamaster/pytorch_resnet_cifar10 (BSD-2-Clause)."""

from torch import nn
from torch.nn import functional as F


def conv3x3(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)


class Block(nn.Module):
    def __init__(self, inputs, planes, stride):
        super().__init__()
        self.conv1, self.bn1 = conv3x3(inputs, planes, stride), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv3x3(planes, planes), nn.BatchNorm2d(planes)
        self.stride, self.extra = stride, planes - inputs

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        before = self.extra // 2  # channels of zeros around those that there are
        shortcut = F.pad(x[..., :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.extra - before))
        return F.relu(y + shortcut)


class CifarResNet(nn.Module):
    def __init__(self, depth, num_classes=10, width=1):
        super().__init__()
        a, b, c = 16 * width, 32 * width, 64 * width
        self.conv1, self.bn1 = conv3x3(3, a), nn.BatchNorm2d(a)
        for stage, (inputs, planes, stride) in enumerate([(a, a, 1), (a, b, 2), (b, c, 2)], 1):
            first = Block(inputs, planes, stride)
            others = [Block(planes, planes, 1) for _ in range((depth - 2) // 6 - 1)]
            setattr(self, f"layer{stage}", nn.Sequential(first, *others))
        self.linear = nn.Linear(c, num_classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.linear(self.layer3(self.layer2(self.layer1(x))).mean((2, 3)))
