"""Checkpoints of all kinds to compare with torch's reading of them: `npm run compare -- checkpoints FOLDER`.

    pip install torch==2.14.1 safetensors==0.8.0
    python test/golden/random_checkpoints.py FOLDER [COUNT [SEED]]

The same seed gives the same tensors. Every dtype, view, wrapper and format that a checkpoint comes in, some that are refused
here (complex, sparse, quantized ...), and one file in fifteen damaged at random.
"""

import collections
import random
import sys
import warnings
from pathlib import Path

import torch
from safetensors.torch import save_file

DTYPES = [
    torch.float32, torch.float64, torch.float16, torch.bfloat16,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
]  # fmt: skip
RARE = [torch.complex64, torch.complex128, torch.uint16, torch.uint32, torch.uint64, torch.float8_e4m3fn]
NAMES = ["layer1.0.conv1.weight", "fc.bias", "0.weight", "10", "2", "ü", "a b", "x" * 300, "__proto__", "module.fc.weight"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.generator = torch.Generator().manual_seed(seed)

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def numbers(self, shape, dtype):
        """Random bits in floats too, which makes NaNs, infinities and subnormal numbers."""
        count = torch.Size(shape).numel() * torch.empty(0, dtype=dtype).element_size()
        data = torch.randint(0, 2 if dtype == torch.bool else 256, (count,), generator=self.generator).to(torch.uint8)
        return data.view(dtype).reshape(shape) if count else torch.zeros(shape, dtype=dtype)

    def view(self, tensor):
        """The same numbers, or some of them, in another place or order."""
        choice = self.random.randrange(10)
        axis = self.random.randrange(tensor.dim()) if tensor.dim() else None
        if choice == 0:
            return tensor.permute(self.random.sample(range(tensor.dim()), tensor.dim()))
        if axis is None:
            return tensor.expand(self.random.randrange(1, 4)) if choice == 1 else tensor
        size = tensor.size(axis)
        if choice == 1 and size:
            return tensor.select(axis, self.random.randrange(size))
        if choice == 2:
            start = self.random.randrange(size + 1)
            return tensor.narrow(axis, start, self.random.randrange(size - start + 1))
        if choice == 3:
            return tensor[(slice(None),) * axis + (slice(self.random.randrange(2), None, 2),)]
        if choice == 4:
            return tensor.unsqueeze(axis).expand(*tensor.shape[:axis], self.random.randrange(4), *tensor.shape[axis:])
        if choice == 5 and size >= 2:
            return tensor.unfold(axis, 2, 1)  # parts that overlap
        if choice == 6 and tensor.dim() >= 2:
            return tensor.diagonal()
        if choice == 7 and tensor.dim() == 4:
            return tensor.contiguous(memory_format=torch.channels_last)
        return tensor

    def tensor(self):
        dtype = self.random.choice(RARE if self.chance(1) else DTYPES)
        tensor = self.numbers([self.random.randrange(6) for _ in range(self.random.randrange(5))], dtype)
        negated = self.chance(10) and dtype != torch.bool and dtype not in RARE
        if negated:
            tensor = tensor.nan_to_num()  # which NaN -NaN is, depends on torch's code path
        for _ in range(self.random.randrange(3)):
            tensor = self.view(tensor)
        if negated:
            tensor = torch._neg_view(tensor)
        if self.chance(3):
            tensor = torch.view_as_complex(self.numbers([3, 2], torch.float32).nan_to_num()).conj().imag
        if self.chance(5) and dtype.is_floating_point:
            tensor = torch.nn.Parameter(tensor, requires_grad=self.chance(50))
            if self.chance(20):
                tensor.note = "an attribute"
        return self.odd() if self.chance(1) else tensor

    def odd(self):
        return self.random.choice([
            lambda: torch.eye(3).to_sparse(),
            lambda: torch.eye(3).to_sparse_csr(),
            lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 2, torch.qint8),
            lambda: torch.empty(3, device="meta"),
            lambda: torch.ones(2, dtype=torch.complex64).conj(),
            lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
        ])()  # fmt: skip

    def state_dict(self):
        state = self.random.choice([dict, collections.OrderedDict])()
        for _ in range(self.random.randrange(9)):
            state[self.random.choice(NAMES) + (str(self.random.randrange(99)) if self.chance(70) else "")] = self.tensor()
        if state and self.chance(30):  # tensors that share a storage
            name, tensor = self.random.choice(list(state.items()))
            if type(tensor) is torch.Tensor and tensor.layout == torch.strided and tensor.device.type == "cpu":
                state["shared"] = tensor if self.chance(50) else self.view(tensor)
        if self.chance(10):
            state = {f"module.{name}": tensor for name, tensor in state.items()}
        return state

    def wrapped(self, state):
        key = self.random.choice(["state_dict", "model", "net", "model_state_dict", "weights", "ema"])
        saved = {"epoch": self.random.randrange(100), key: state}
        extras = {
            "loss": 0.25, "none": None, "args": [1, (2.5, "x"), {}], "big": 2**70, "best": torch.tensor(0.5), "flag": True,
            "device": torch.device("cpu"), "size": torch.Size([1, 2]), "dtype": torch.float16, "seen": {1, 2}, "raw": b"\x00\xff",
            "milestones": collections.Counter([3, 5]), "metrics": {"acc": torch.tensor(0.5)}, "rng": torch.get_rng_state(),
            "array": bytearray(b"x"), "complex": 1j,
        }  # fmt: skip
        for name in self.random.sample(sorted(extras), self.random.randrange(5)):
            saved[name] = extras[name]
        if self.chance(50):
            net = torch.nn.Linear(2, 1)
            optimizer = self.random.choice([torch.optim.Adam, torch.optim.SGD])(net.parameters(), lr=0.1)
            net(torch.ones(1, 2)).sum().backward()
            optimizer.step()
            saved["optimizer"] = optimizer.state_dict()
        if self.chance(15):
            saved["second"] = self.state_dict()
        return {"checkpoint": saved} if self.chance(15) else saved

    def write(self, path):
        state = self.state_dict()
        if self.chance(20):
            plain = {
                name: tensor.detach().resolve_neg().clone(memory_format=torch.contiguous_format)
                for name, tensor in state.items()
                if tensor.layout == torch.strided and tensor.device.type == "cpu"
                and not tensor.is_quantized and not tensor.is_nested and not tensor.is_complex()
            }  # fmt: skip
            save_file(plain, path, {"note": "n" * self.random.randrange(600)} if self.chance(50) else None)
        else:
            saved = self.wrapped(state) if self.chance(40) else state
            protocol = self.random.choice([3, 4, 5]) if self.chance(5) else 2
            torch.serialization.set_crc32_options(not self.chance(5))
            try:
                torch.save(saved, path, pickle_protocol=protocol, _use_new_zipfile_serialization=not self.chance(35))
            except (RuntimeError, NotImplementedError):  # a few kinds the old format can't hold
                torch.save(saved, path)
        if self.chance(7):
            self.damage(path)

    def damage(self, path):
        data = bytearray(path.read_bytes())
        if self.chance(30):
            data = data[: self.random.randrange(len(data))]
        else:
            for _ in range(self.random.randrange(1, 4)):
                data[self.random.randrange(len(data))] = self.random.randrange(256)
        path.write_bytes(data)


def main(folder, count="300", seed="0"):
    warnings.simplefilter("ignore")
    Path(folder).mkdir(parents=True, exist_ok=True)
    for i in range(int(count)):
        torch.manual_seed(i)
        maker = Maker(int(seed) * 1_000_003 + i)
        maker.write(Path(folder) / f"{i:05}{maker.random.choice(['.pth', '.PT', '.th', '.bin', '.safetensors', ''])}")


main(*sys.argv[1:])
