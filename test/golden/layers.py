"""What torch computes for single layers, losses and initializations: writes test/golden/layers.json.

    pip install torch==2.14.1 torchvision==0.29.1 numpy; python test/golden/layers.py
"""

import json
from itertools import product
from pathlib import Path

import torch
from formula import fill, number, summary, uniform
from torch import nn
from torchvision.ops import FrozenBatchNorm2d


def forward_backward(layer, x):
    """Output, and the gradients of <output, random>."""
    x.requires_grad_()
    y = layer(x)
    (y * uniform("dy", y.shape)).sum().backward()
    return {
        "shape": list(y.shape),
        "y": summary(y, "y"),
        "dx": summary(x.grad, "dx"),
        "parameters": {n: summary(p.grad, n) for n, p in layer.named_parameters()},
    }


def convolutions():
    """Odd and even sizes, sizes that leave a rest, kernels 1 to 7, and everything with groups and dilation."""
    cases = []
    for side, kernel, stride, padding, dilation, groups in product(
        (7, 8, 12), (1, 2, 3, 5, 7), (1, 2, 3), (0, 1, 2, 3), (1, 2), (1, 4)
    ):
        extent = (kernel - 1) * dilation + 1
        if padding >= extent or extent > side + 2 * padding:
            continue
        # every combination of the ResNets' own kernels, and a part of the rest
        if not (kernel in (1, 3) and side < 12) and (side + kernel + stride * 3 + padding + dilation + groups) % 4 != 0:
            continue
        cases.append((side, kernel, stride, padding, dilation, groups))
    results = []
    for side, kernel, stride, padding, dilation, groups in cases:
        layer = nn.Conv2d(8, 12, kernel, stride, padding, dilation, groups, bias=(side == 7))
        x = uniform("x", (2, 8, side, side + 1)).clone()
        result = forward_backward(fill(layer), x)
        results.append(
            {"side": side, "kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups,
             **result}
        )  # fmt: skip
    return results


def batch_norms():
    results = {}
    for name, layer in {
        "default": nn.BatchNorm2d(6),
        "momentum 0.3, eps 1e-3": nn.BatchNorm2d(6, eps=1e-3, momentum=0.3),
        "frozen": FrozenBatchNorm2d(6),
        "groups of 3": nn.GroupNorm(2, 6),
        "one group": nn.GroupNorm(1, 6, eps=1e-3),
    }.items():
        for mode in ("train", "eval"):
            layer = fill(layer).train(mode == "train")
            x = (uniform("x", (3, 6, 4, 5)) * 2 + 0.5).clone()
            layer.zero_grad()
            result = forward_backward(layer, x)
            result["buffers"] = {n: b.double().flatten().tolist() for n, b in layer.named_buffers()}
            results[f"{name}, {mode}"] = result
    return results


def pools():
    results = []
    for side, kernel, stride, padding in [
        (8, 3, 2, 1), (7, 3, 2, 1), (9, 2, 2, 0), (7, 3, 3, 1), (8, 5, 1, 2), (6, 1, 2, 0), (7, 1, 2, 0),
    ]:  # fmt: skip
        x = (uniform("x", (2, 3, side, side + 1)) - 2).clone()  # all negative: padding must not win
        results.append({"side": side, "kernel": kernel, "stride": stride, "padding": padding,
                        **forward_backward(nn.MaxPool2d(kernel, stride, padding), x)})  # fmt: skip
    return results


def others():
    x = uniform("x", (5, 7)).clone()
    image = uniform("x", (2, 3, 5, 6)).clone()
    return {
        "relu": forward_backward(nn.ReLU(), image.clone()),
        "avgpool": forward_backward(nn.AdaptiveAvgPool2d((1, 1)), image.clone()),
        "linear": forward_backward(fill(nn.Linear(7, 4)), x.clone()),
    }


def losses():
    results = []
    for smoothing, scale in [(0, 1), (0.1, 1), (0.3, 10), (0, 1000), (1, 1)]:
        logits = (uniform("logits", (6, 5)) * scale).clone().requires_grad_()
        loss = nn.CrossEntropyLoss(label_smoothing=smoothing)(logits, torch.tensor([0, 1, 2, 3, 4, 0]))
        loss.backward()
        results.append({"smoothing": smoothing, "scale": scale, "loss": number(loss),
                        "dx": [number(v) for v in logits.grad.flatten()]})  # fmt: skip
    return results


def margin_losses():
    results = []
    for p, margin, scale in [(1, 1, 1), (2, 1, 1), (1, 0.25, 3), (2, 2, 0.1), (1, 1, 1000)]:
        outputs = (uniform("outputs", (6, 5)) * scale).clone().requires_grad_()
        loss = nn.MultiMarginLoss(p=p, margin=margin)(outputs, torch.tensor([0, 1, 2, 3, 4, 0]))
        loss.backward()
        results.append({"p": p, "margin": margin, "scale": scale, "loss": number(loss),
                        "dx": [number(v) for v in outputs.grad.flatten()]})  # fmt: skip
    return results


def initializations():
    """Deviation and bound of a large draw; draws themselves cannot agree."""
    torch.manual_seed(0)
    weight = torch.empty(256, 64, 3, 3)
    statistics = {}
    for mode in ("fan_in", "fan_out"):
        nn.init.kaiming_normal_(weight, mode=mode, nonlinearity="relu")
        statistics[mode] = number(weight.std())
    conv, linear = nn.Conv2d(64, 256, 3), nn.Linear(512, 1000)
    for name, p in [("conv.weight", conv.weight), ("conv.bias", conv.bias),
                    ("linear.weight", linear.weight), ("linear.bias", linear.bias)]:  # fmt: skip
        statistics[name] = [number(p.std()), number(p.abs().max())]
    return statistics


def main():
    parts = {f.__name__: f() for f in (convolutions, batch_norms, pools, others, losses, margin_losses, initializations)}
    lines = []
    for name, part in parts.items():
        if isinstance(part, list):
            rows = ",\n".join(json.dumps(row) for row in part)
            lines.append(f'"{name}": [\n{rows}\n]')
        else:
            rows = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in part.items())
            lines.append(f'"{name}": {{\n{rows}\n}}')
    (Path(__file__).parent / "layers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(len(parts["convolutions"]), "convolutions")


main()
