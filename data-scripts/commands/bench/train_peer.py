"""torch's side of `npm run bench -- train`: one repetition for every line on stdin, one line of JSON for each."""

import json
import resource
import sys
import time

import torch
import torchvision
from torch.nn import functional


class CifarBlock(torchvision.models.resnet.BasicBlock):
    """The paper's shortcut A: every stride-th pixel, and zeros for the new channels."""

    def __init__(self, inplanes, planes, stride):
        super().__init__(inplanes, planes, stride, downsample=lambda x: x)
        if stride != 1 or inplanes != planes:
            more = (planes - inplanes) // 2
            self.downsample = lambda x: functional.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, more, more))


def cifar(depth, num_classes):
    layers = [torch.nn.Conv2d(3, 16, 3, padding=1, bias=False), torch.nn.BatchNorm2d(16), torch.nn.ReLU(inplace=True)]
    inplanes = 16
    for planes in (16, 32, 64):
        for i in range((depth - 2) // 6):
            layers.append(CifarBlock(inplanes, planes, 2 if i == 0 and planes > 16 else 1))
            inplanes = planes
    head = [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(64, num_classes)]
    return torch.nn.Sequential(*layers, *head)


def build(network, classes):
    if network == "resnet34":
        return torchvision.models.resnet34(num_classes=classes)
    return cifar(int(network.removeprefix("resnet").removesuffix("_cifar")), classes)


def prepare(work):
    kind, batch, size, classes = (work[key] for key in ("kind", "batch", "size", "classes"))
    precision = work["precision"]
    model = build(work["network"], classes).to(memory_format=torch.channels_last)
    x = torch.randn(batch, 3, size, size).to(memory_format=torch.channels_last)
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")
    if kind == "inference":
        model.eval()

        def infer():
            with torch.inference_mode(), autocast:
                model(x)

        return infer
    labels = torch.arange(batch) % classes
    parameters = model.train().parameters()
    if work["network"] == "resnet34":
        optimizer = torch.optim.Adam(parameters, lr=1e-4)
    else:
        optimizer = torch.optim.SGD(parameters, lr=0.1, momentum=0.9, weight_decay=1e-4)
    loss_func = torch.nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        with autocast:
            loss = loss_func(model(x), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def main():
    work = json.loads(sys.argv[1])
    torch.set_num_threads(int(sys.argv[2]))
    repeat = prepare(work)
    for _ in range(2):
        repeat()
    print(json.dumps({"versions": {"torch": torch.__version__, "torchvision": torchvision.__version__}}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        repeat()
        milliseconds = 1000 * (time.perf_counter() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 2**20)
        print(json.dumps({"milliseconds": milliseconds, "peakMegabytes": peak}), flush=True)


main()
