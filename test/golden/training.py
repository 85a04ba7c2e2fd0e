"""What torch's learning rate schedules and optimizers give: writes test/golden/training.json.

    pip install torch==2.14.1 numpy; python test/golden/training.py

The settings are drawn with a seed and written beside the numbers. Where torch itself fails (a one-cycle schedule whose
first phase ends at step 0 divides by zero) nothing is written.
"""

import json
import random
from pathlib import Path

import torch
from formula import number, uniform
from torch import nn

draw = random.Random(14)


def rates(make, steps, lr=0.1):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = make(optimizer)
    values = []
    for step in range(steps):
        values.append(number(optimizer.param_groups[0]["lr"], 10))
        optimizer.step()
        if step < steps - 1:
            scheduler.step()
    return values


def one_cycle():
    steps = draw.choice([1, 2, 3, 7, 10, 20, 33, 40])
    options = {
        "pctStart": draw.choice([0.0, 0.1, 0.2, 0.25, 0.3, 0.5, 0.9, 1.0, round(draw.random(), 3)]),
        "divFactor": draw.choice([25, 10, 1, 100, 0.5]),
        "finalDivFactor": draw.choice([1e4, 100, 1]),
    }
    values = rates(
        lambda o: torch.optim.lr_scheduler.OneCycleLR(
            o, max_lr=0.2, total_steps=steps, pct_start=options["pctStart"], div_factor=options["divFactor"],
            final_div_factor=options["finalDivFactor"],
        ), steps,
    )  # fmt: skip
    return {"options": options, "rates": values}


def multi_step():
    steps = draw.randint(2, 50)
    milestones = sorted(draw.sample(range(1, steps + 1), draw.randint(1, min(3, steps))))
    gamma = draw.choice([0.1, 0.5, 0.9])
    values = rates(lambda o: torch.optim.lr_scheduler.MultiStepLR(o, milestones, gamma), steps)
    return {"milestones": milestones, "gamma": gamma, "rates": values}


def cosine():
    steps, least = draw.randint(1, 50), draw.choice([0, 0.001, 0.1, 0.2])
    values = rates(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=steps, eta_min=least), steps)
    return {"minLr": least, "rates": values}


def several(make, count):
    records = []
    while len(records) < count:
        try:
            records.append(make())
        except ZeroDivisionError:
            pass
    return records


METHODS = {
    "sgd": (torch.optim.SGD, {}),
    "sgd, weight decay": (torch.optim.SGD, {"weight_decay": 0.1}),
    "sgd, momentum": (torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.01}),
    "sgd, nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "adam": (torch.optim.Adam, {}),
    "adam, options": (torch.optim.Adam, {"betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1}),
}
STEPS = 20
SIZE = 4


def optimizers():
    """Four parameters, of which each step trains some: one that is left out, or frozen, gets no gradient."""
    records = []
    for method, (make, options) in METHODS.items():
        for lr in (0.01, 0.1):
            parameters = [nn.Parameter(uniform(f"p{i}", (SIZE,)).clone()) for i in range(4)]
            optimizer = make(parameters, lr=lr, **options)
            plan = ["".join(draw.choice("uuxf") for _ in parameters) for _ in range(STEPS)]
            # the first is always used, the second left out at first, the third frozen for ten steps, the last at random
            plan = ["u" + ("u" if s >= 3 else "x") + ("u" if s >= 10 else "f") + p[3] for s, p in enumerate(plan)]
            for step, how in enumerate(plan):
                optimizer.zero_grad()
                for parameter, each in zip(parameters, how):
                    parameter.requires_grad_(each != "f")
                used = [(i, p) for i, p in enumerate(parameters) if how[i] != "x"]
                sum((p * uniform(f"g{step}.{i}", (SIZE,)) + p * p / 2).sum() for i, p in used).backward()
                optimizer.step()
            values = [[number(v) for v in p.detach()] for p in parameters]
            records.append({"method": method, "lr": lr, "plan": plan, "values": values})
    return records


parts = {
    "one cycle": several(one_cycle, 60),
    "multi step": several(multi_step, 40),
    "cosine": several(cosine, 20),
    "optimizers": optimizers(),
}
lines = [f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]" for name, rows in parts.items()]
(Path(__file__).resolve().parent / "training.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
