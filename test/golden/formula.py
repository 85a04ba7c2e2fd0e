"""Numbers that Python and TypeScript make alike (test/golden/formula.ts has the same), so that no weights are stored."""

import numpy as np
import torch


def seed_of(name):
    """FNV-1a, 32 bits."""
    h = 0x811C9DC5
    for byte in name.encode():
        h = ((h ^ byte) * 0x01000193) & 0xFFFFFFFF
    return h


def uniform(name, shape):
    """float32 numbers in [-1, 1) that look random: the i-th is a hash of the name and of i (murmur3's finalizer)."""
    size = int(np.prod(shape, dtype=np.int64))
    x = np.arange(size, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(seed_of(name))
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    u = (x >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-23) - np.float32(1)
    return torch.from_numpy(u.reshape(tuple(shape)))


def value(name, shape):
    """A parameter or buffer by its name, of a size that keeps activations between 0.1 and 100 at any depth."""
    last = name.split(".")[-1]
    if last == "num_batches_tracked":
        return torch.tensor(3)
    u = uniform(name, shape)
    if len(shape) > 1:  # He's for convolutions; half of its variance for the last layer
        fan_in = int(np.prod(shape[1:]))
        return u * float(np.float32(np.sqrt((6 if len(shape) == 4 else 3) / fan_in)))
    if last == "running_var":
        return u * 0.5 + 1
    if last == "weight":  # small in the last normalizations of a block: what blocks add up amplifies rounding
        if ".bn3." in name:
            return u * 0.0625 + 0.125
        return u * 0.125 + 0.5 if ".bn2." in name else u * 0.25 + 1
    return u * 0.125


def fill(model):
    state = model.state_dict()
    model.load_state_dict({name: value(name, t.shape).to(t.dtype) for name, t in state.items()})
    return model


def number(x, digits=8):
    return float(f"{x.item() if isinstance(x, torch.Tensor) else x:.{digits}g}")


def summary(tensor, name):
    """A tensor in a few numbers: its norm, its product with a random vector, and three elements."""
    t = tensor.detach().double().flatten()
    probe = uniform("probe " + name, t.shape).double()
    picks = [0, len(t) // 3, len(t) - 1]
    return [number(t.norm()), number(t @ probe), *(number(t[i]) for i in picks)]
