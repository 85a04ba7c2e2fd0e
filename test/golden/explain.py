"""What torch gives for class activation maps, Grad-CAM, temperature and calibration: writes test/golden/explain.json.

    pip install torch==2.14.1 torchvision==0.29.1 numpy; python test/golden/explain.py

The maps are computed as the papers write them, from what hooks see (arXiv:1512.04150, arXiv:1610.02391).
"""

import json
from pathlib import Path

import torch
from cifar import Cifar, PreActCifar
from formula import fill, number, uniform
from torch.nn import functional as F
from torchvision.models import resnet18, resnet50

torch.set_num_threads(2)
PICTURES = 3


def numbers(tensor):
    """All of a tensor's numbers, row by row, from [N, C, h, w] in the order of [N, h, w, C]."""
    t = tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor
    return [number(x, 7) for x in t.detach().flatten()]


def grad_cam(model, x, layer, classes):
    seen = []
    handle = layer.register_forward_hook(lambda _module, _input, output: seen.append(output))
    logits = model(x)
    handle.remove()
    chosen = logits.argmax(1) if classes is None else torch.tensor(classes)
    (gradient,) = torch.autograd.grad(logits.gather(1, chosen[:, None]).sum(), seen[0])
    alpha = gradient.mean((2, 3), keepdim=True)
    return F.relu((alpha * seen[0]).sum(1))


def activation_maps(model, x, linear, pooled_maps):
    maps = pooled_maps(model, x)
    return torch.einsum("kc,nchw->nkhw", linear.weight, maps), model(x)


def stages(model):
    return [name for name in ("layer1", "layer2", "layer3", "layer4") if hasattr(model, name)]


def last_maps(model, x):
    """What goes into the global pooling."""
    if hasattr(model, "avgpool"):
        seen = []
        handle = model.avgpool.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
        model(x)
        handle.remove()
        return seen[0]
    if isinstance(model, PreActCifar):
        return F.relu(model.bn1(model.layer3(model.layer2(model.layer1(model.conv1(x))))))
    return model.layer3(model.layer2(model.layer1(F.relu(model.bn1(model.conv1(x))))))


def network(build, height, width, classes):
    model = fill(build()).eval()
    x = uniform("pictures", (PICTURES, 3, height, width)) * 2
    linear = model.fc if hasattr(model, "fc") else model.linear
    maps, logits = activation_maps(model, x, linear, last_maps)
    return {
        "height": height,
        "width": width,
        "classes": classes,
        "logits": numbers(logits),
        "maps": numbers(maps),
        "gradCam": {name: numbers(grad_cam(model, x, getattr(model, name), classes)) for name in stages(model)},
        "ofTheLikeliest": numbers(grad_cam(model, x, getattr(model, stages(model)[-1]), None)),
    }


def enlarged(height, width, size):
    maps = uniform("maps", (2, 1, height, width))
    large = F.interpolate(maps, size, mode="bilinear", align_corners=False)
    return {"shape": [2, height, width], "size": list(size), "values": numbers(large.squeeze(1))}


def temperature(scale):
    """The temperature of least cross-entropy, by LBFGS in float64, and the calibration error with and without it."""
    logits = uniform(f"logits {scale}", (200, 5)).double() * scale
    sure = logits + uniform(f"noise {scale}", (200, 5)).double() * 0.7 * scale
    labels = sure.argmax(1)
    log_t = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_t], lr=0.5, max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-14)

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(logits / log_t.exp(), labels)
        loss.backward()
        return loss

    optimizer.step(closure)
    found = log_t.exp().item()

    def error(t, bins=10):
        """The mean over all pictures of their bin's distance between confidence and accuracy (arXiv:1706.04599)."""
        confidence, answer = (logits / t).softmax(1).max(1)
        bounds, total = torch.linspace(0, 1, bins + 1, dtype=torch.float64), 0.0
        for low, high in zip(bounds[:-1], bounds[1:]):
            inside = (confidence > low) & (confidence <= high)
            if inside.any():
                right = (answer == labels)[inside].double().mean()
                total += inside.double().mean() * (confidence[inside].mean() - right).abs()
        return number(total, 7)

    return {
        "scale": scale,
        "labels": labels.tolist(),
        "temperature": number(found, 7),
        "error": error(1),
        "errorWithTemperature": error(found),
    }


if __name__ == "__main__":
    record = {
        "networks": {
            "resnet18": network(lambda: resnet18(num_classes=5), 64, 96, [3, 0, 4]),
            "resnet50": network(lambda: resnet50(num_classes=4), 64, 64, [1, 1, 2]),
            "20 A": network(lambda: Cifar(20, "A"), 32, 32, [9, 2, 0]),
            "8 B, preact": network(lambda: PreActCifar(8, "B"), 24, 32, [7, 0, 1]),
        },
        "enlarged": [enlarged(3, 4, (24, 32)), enlarged(7, 7, (224, 224)), enlarged(5, 3, (13, 17))],
        "temperatures": [temperature(scale) for scale in (0.5, 2.0, 8.0)],
    }
    record["enlarged"][1]["values"] = record["enlarged"][1]["values"][::101]
    target = Path(__file__).resolve().parent / "explain.json"
    target.write_text(json.dumps(record) + "\n")
