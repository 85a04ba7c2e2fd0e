"""What a model computes from formula.py's weights: logits, gradients, running statistics, steps of Adam and SGD."""

import hashlib
import json
import sys

import torch
from formula import fill, number, summary, uniform, value
from torch import nn

torch.set_num_threads(2)


def layout(model):
    lines = "".join(f"{k} {list(v.shape)}\n" for k, v in model.state_dict().items())
    return {"keys": len(model.state_dict()), "sha256": hashlib.sha256(lines.encode()).hexdigest()}


def present(names, wanted):
    """Those of the wanted names that there are; "bn1.*" stands for all of a module's."""
    return [name for name in names if name in wanted or name.rsplit(".", 1)[0] + ".*" in wanted]


def train(model, optimizer, pictures, labels, steps):
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(pictures), labels)
        loss.backward()
        optimizer.step()
        losses.append(number(loss))
    return losses


def record(build, *, side, labels, stride, parameters, buffers, adam_steps=0, sgd_steps=0, dtype=torch.float32):
    """
    build: makes the model; its weights are replaced.
    stride: which logits are kept, every stride-th of each picture.
    parameters, buffers: the names of those that are kept, "bn1.*" for all of a module.
    """
    labels = torch.tensor(labels)
    pictures = uniform("pictures", (len(labels), 3, side, side)).to(dtype) * 2  # torch: NCHW
    model = fill(build()).to(dtype)
    named_parameters = dict(model.named_parameters())
    kept_parameters = present(named_parameters, parameters)
    kept_buffers = present(dict(model.named_buffers()), buffers)

    def logits_of(output):
        return [[number(x) for x in row[::stride]] for row in output.detach()]

    def statistics(model):
        return {n: summary(b, n) for n, b in model.named_buffers() if n in kept_buffers}

    result = {"layout": layout(model)}
    model.eval()
    with torch.no_grad():
        result["evalLogits"] = logits_of(model(pictures))

    model.train()
    output = model(pictures)
    loss = nn.functional.cross_entropy(output, labels)
    loss.backward()
    result["trainLogits"] = logits_of(output)
    result["loss"] = number(loss)
    result["buffers"] = statistics(model)
    result["gradients"] = {n: summary(named_parameters[n].grad, n) for n in kept_parameters}
    result["gradientNorms"] = [number(p.grad.norm(), 6) for p in named_parameters.values()]

    for name, steps, make in (
        ("adam", adam_steps, lambda ps: torch.optim.Adam(ps, lr=1e-5)),
        ("sgd", sgd_steps, lambda ps: torch.optim.SGD(ps, lr=1e-3, momentum=0.9, weight_decay=1e-3)),
    ):
        if steps > 0:
            model = fill(build()).to(dtype).train()
            losses = train(model, make(model.parameters()), pictures, labels, steps)
            moved = {n: p.detach() - value(n, p.shape) for n, p in model.named_parameters() if n in kept_parameters}
            moves = {n: summary(t, n) for n, t in moved.items()}
            result[name] = {"losses": losses, "moves": moves, "buffers": statistics(model)}
    return result


def distance(a, b):
    """The largest difference, as a part of the largest number."""
    a, b = torch.tensor(a).flatten().double(), torch.tensor(b).flatten().double()
    return ((a - b).abs().max() / b.abs().max()).item()


def rounding(single, double):
    """How far torch's own single precision is from its double precision: nobody can be asked to be nearer than that."""

    def largest(*pairs):
        return number(max((distance(a, b) for a, b in pairs), default=0), 2)

    def both(*keys):
        a, b = single, double
        for key in keys:
            a, b = a[key], b[key]
        return list(zip(a.values(), b.values()) if isinstance(a, dict) else [(a, b)])

    def steps(*parts):
        return [pair for name in ("adam", "sgd") if name in single for part in parts for pair in both(name, part)]

    norms = [([a], [b]) for a, b in zip(single["gradientNorms"], double["gradientNorms"])]
    return {
        "logits": largest(*both("evalLogits")),
        "training": largest(*both("trainLogits"), *both("loss"), *both("buffers")),
        "gradients": largest(*both("gradients"), *norms),
        "losses": largest(*steps("losses", "buffers")),
        "moves": largest(*steps("moves")),
    }


def write(target, make):
    """
    Writes the records of all names, or of those on the command line alone into the file that is there.
    make: for each name, a function of the number type that makes the record.
    """
    asked = sys.argv[1:]
    records = json.loads(target.read_text()) if asked else {}
    for name in asked or make:
        single = make[name](torch.float32)
        records[name] = {**single, "rounding": rounding(single, make[name](torch.float64))}
        print(name, single["loss"], records[name]["rounding"], flush=True)
        lines = ",\n".join(f"{json.dumps(each)}: {json.dumps(records[each])}" for each in make if each in records)
        target.write_text("{\n" + lines + "\n}\n")
