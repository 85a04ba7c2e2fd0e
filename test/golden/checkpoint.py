"""Golden files for test/checkpoint, made and checked by torch 2.14.1 and safetensors.

    python test/golden/checkpoint.py make     writes checkpoint/*.pth, official.safetensors and *.json
    node .build/test/checkpoint/writeGolden.js   writes checkpoint/written-here.* with this library
    python test/golden/checkpoint.py check    reads checkpoint/written-here.* with torch, compares bit for bit
"""

import json
import struct
import sys
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import load_file, safe_open, save_file

HERE = Path(__file__).parent / "checkpoint"
FLOATS = [0.0, -0.0, 1.0, -2.5, 1 / 3, 65504.0, 6e-8, -1e-5, float("inf"), float("-inf"), float("nan"), 3e-39]
INTEGERS = [0, 1, -1, 127, -128, 100]


def every_dtype() -> OrderedDict:
    floats = torch.tensor(FLOATS, dtype=torch.float64).reshape(3, 4)
    integers = torch.tensor(INTEGERS, dtype=torch.int64)
    return OrderedDict(
        float32=floats.float(),
        float64=floats,
        float16=floats.half(),
        bfloat16=floats.bfloat16(),
        int64=torch.tensor([2**63 - 1, -(2**63), 2**53 + 1, 0]),
        int32=integers.int() * 10**7,
        int16=integers.short() * 200,
        int8=integers.char(),
        uint8=torch.tensor([0, 1, 255], dtype=torch.uint8),
        bool=torch.tensor([True, False, True]),
        scalar=torch.tensor(7),
        empty=torch.zeros(0, 3),
    )


def views() -> OrderedDict:
    base = torch.arange(48, dtype=torch.float32)
    half = base.half().reshape(2, 3, 2, 4)
    return OrderedDict(
        base=base,
        offset=base[5:9],
        transposed=base.reshape(6, 8).t(),
        every_second=base[1::2],
        inner=base.reshape(2, 4, 6)[:, 1:3, 2:5],
        expanded=torch.tensor([1.5, 2.5]).reshape(2, 1).expand(2, 3),
        channels_last=half.contiguous(memory_format=torch.channels_last),
        permuted=half.permute(3, 1, 0, 2),
        one=base[7:8].reshape(1, 1).t(),
        integers=torch.arange(6)[::3],
    )


def negated() -> OrderedDict:
    """Tensors with the neg bit: torch keeps the numbers as they are and changes their sign when it reads them."""
    pairs = torch.tensor([1 + 2j, -3.5 + 0j, 0 - 1e-40j, complex("nan+infj")], dtype=torch.complex64)
    numbers = every_dtype()
    halves = numbers["float16"].reshape(3, 4)
    return OrderedDict(
        imag=pairs.conj().imag,
        contiguous=torch._neg_view(numbers["float32"]),
        base=numbers["float64"],
        of_base=torch._neg_view(numbers["float64"]),
        transposed=torch._neg_view(halves.t()),
        sliced=torch._neg_view(halves[:, 1::2]),
        expanded=torch._neg_view(torch.tensor([1.5, -2.5]).reshape(2, 1).expand(2, 3)),
        twice=torch._neg_view(torch._neg_view(halves)),
        parameter=torch.nn.Parameter(torch._neg_view(torch.ones(2))),
        empty=torch._neg_view(torch.zeros(0, 3)),
        bfloat16=torch._neg_view(numbers["bfloat16"][:2]),  # no NaN: which one comes out depends on torch's code path
        **{k: torch._neg_view(numbers[k]) for k in ("int64", "int32", "int16", "int8", "uint8")},
    )


def wrapped() -> dict:
    """What training scripts save, by file: all that is in it, and under which key the weights are."""
    net = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    net(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    weights, moments = net.state_dict(), optimizer.state_dict()
    by_name = {"state": {"weight": {"exp_avg": torch.ones(2), "step": torch.tensor(1.0)}}, "param_groups": []}
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.note = "kept by torch"
    return {
        # docs.pytorch.org/tutorials/recipes/recipes/saving_and_loading_a_general_checkpoint.html
        "model_state_dict": {"epoch": 1, "model_state_dict": weights, "optimizer_state_dict": moments, "loss": 0.5},
        "net": {"net": weights, "acc": 91.5, "epoch": 3},
        "checkpoint.model": {"checkpoint": {"model": weights, "optim": by_name}, "rng": torch.get_rng_state()},
        "weights": {"metrics": {"acc": torch.tensor(0.5)}, "seen": {"ids": torch.arange(3)}, "weights": weights},
        "parameters": {"parameters": OrderedDict(weight=parameter)},
    }


def raw(tensor: torch.Tensor) -> str:
    tensor = tensor.detach().resolve_neg().contiguous()
    return bytes(tensor.reshape(-1).view(torch.uint8).tolist()).hex() if tensor.numel() else ""


def described(state: dict) -> list:
    return [[k, str(t.dtype)[6:], list(t.shape), raw(t)] for k, t in state.items()]


def training_checkpoint() -> dict:
    """As in torchvision's references/classification/train.py and in the ImageNet example."""
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 1), torch.nn.BatchNorm2d(2))
    optimizer = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 5])
    net(torch.ones(1, 1, 2, 2)).sum().backward()
    optimizer.step()
    schedule.step()
    return {
        "epoch": 3,
        "arch": "resnet18",
        "best_acc1": torch.tensor(91.5),
        "device": torch.device("cpu"),
        "size": torch.Size([1, 2]),
        "none": None,
        "seen": {1, 2},
        "bytes": b"\x00\xff",
        "big": 2**70,
        "state_dict": OrderedDict((f"module.{k}", v) for k, v in net.state_dict().items()),
        "optimizer": optimizer.state_dict(),
        "scheduler": schedule.state_dict(),
    }


def conversions() -> dict:
    """What torch makes of chosen numbers: bits as integers, so that JSON keeps them."""
    generator = torch.Generator().manual_seed(0)
    words = torch.randint(-(2**31), 2**31, (400,), generator=generator).int()
    # Around every boundary: ties, the largest, the smallest normal and subnormal, infinity; then random bits.
    edges = [0, 0x33000000, 0x33000001, 0x32FFFFFF, 0x33800000, 0x33C00000, 0x387FC000, 0x387FE000, 0x387FFFFF]
    edges += [0x38800000, 0x38801000, 0x38803000, 0x3F801000, 0x3F803000, 0x3F808000, 0x3F818000, 0x3F808001]
    edges += [0x477FE000, 0x477FEFFF, 0x477FF000, 0x47800000, 0x7F7FFFFF, 0x7F7F8000, 0x7F7F7FFF, 0x7F800000, 1, 0x8000]
    small = torch.randint(0x32000000, 0x39000000, (300,), generator=generator).int()  # float16's subnormals
    middle = torch.randint(0x38000000, 0x48000000, (300,), generator=generator).int()
    words = torch.cat([torch.tensor(edges).int(), torch.tensor(edges).int() | -(2**31), words, small, middle])
    floats = words.view(torch.float32)
    words = words[~floats.isnan()]
    floats = words.view(torch.float32)
    every16 = torch.arange(-(2**15), 2**15).short()
    doubles = torch.tensor([1 + 2**-24 + 2**-40, 1 + 2**-11 + 2**-40, 1e300, -1e-300, 3.7, -3.7, 2**-25 * (1 + 2**-30)], dtype=torch.float64)
    longs = torch.tensor([2**53 + 1, 2**62 + 2**38, 2**62 + 2**38 + 1, -(2**62) - 2**38 - 1, 2**63 - 1, -(2**63), 2**24 + 1, 2**24 + 3])

    def checksum(values: torch.Tensor) -> int:
        """NaNs aside (their bits differ between torch's own code paths), the sum of all bits, each times its place."""
        bits = torch.where(values.isnan(), torch.zeros_like(values), values).view(torch.int32).long()
        return int(((bits & 0xFFFFFFFF) * (torch.arange(len(bits)) % 1000 + 1)).sum())

    return {
        "float32": (words.long() & 0xFFFFFFFF).tolist(),
        "float16": (floats.half().view(torch.int16).long() & 0xFFFF).tolist(),
        "bfloat16": (floats.bfloat16().view(torch.int16).long() & 0xFFFF).tolist(),
        "every_float16": checksum(every16.view(torch.float16).float()),
        "every_bfloat16": checksum(every16.view(torch.bfloat16).float()),
        "doubles": [struct.pack("<d", d).hex() for d in doubles.tolist()],
        "doubles_as_float16": (doubles.half().view(torch.int16).long() & 0xFFFF).tolist(),
        "doubles_as_int32": doubles[4:6].int().tolist(),
        "longs": [str(v) for v in longs.tolist()],
        "longs_as_float32": longs.float().view(torch.int32).tolist(),
        "longs_as_float64": raw(longs.double()),
        "longs_as_int8": longs.char().tolist(),
        "longs_as_int32": longs.int().tolist(),
        "longs_as_bfloat16": (longs.bfloat16().view(torch.int16).long() & 0xFFFF).tolist(),
        "nan_as_bool": torch.tensor([float("nan"), 0.0, -0.0, 1e-45]).bool().tolist(),
    }


def make() -> None:
    HERE.mkdir(exist_ok=True)
    dtypes, shared = every_dtype(), views()
    old = {"_use_new_zipfile_serialization": False}
    torch.save(dtypes, HERE / "dtypes.pth")
    torch.save(dtypes, HERE / "dtypes-old.pth", **old)
    torch.save(dtypes, HERE / "dtypes-protocol5.pth", pickle_protocol=5)
    torch.save(dtypes, HERE / "dtypes-old-protocol4.pth", pickle_protocol=4, **old)
    torch.save(shared, HERE / "views.pth")
    torch.save(shared, HERE / "views-old.pth", **old)
    torch.manual_seed(0)
    training = training_checkpoint()
    torch.save(training, HERE / "training.pth")
    torch.save({"model": training["state_dict"], "epoch": 1}, HERE / "model-old.pth", **old)
    parameters = OrderedDict(torch.nn.Linear(2, 3).state_dict(keep_vars=True))
    torch.save(parameters, HERE / "parameters.pth")
    torch.serialization.set_crc32_options(False)
    torch.save(shared, HERE / "no-checksums.pth")
    torch.serialization.set_crc32_options(True)
    torch.save(torch.nn.Linear(1, 1), HERE / "whole-model.pth")
    torch.save({"z": torch.ones(2, dtype=torch.complex64)}, HERE / "complex.pth")
    torch.save(negated(), HERE / "negated.pth")
    torch.save(negated(), HERE / "negated-old.pth", **old)
    torch.manual_seed(0)
    wrappers = wrapped()
    for key, saved in wrappers.items():
        torch.save(saved, HERE / f"wrapped-{key}.pth")
    net = wrappers["net"]["net"]
    torch.save({"generator": net, "ema": {k: t / 2 for k, t in net.items()}}, HERE / "wrapped-twice.pth")
    save_file(dtypes, HERE / "official.safetensors", metadata={"source": "torch"})
    expected = {
        "dtypes": described(dtypes),
        "views": described(shared),
        "training": described(training["state_dict"]),
        "parameters": described(parameters),
        "negated": described(negated()),
        "linear": described(net),
    }
    (HERE / "expected.json").write_text(json.dumps(expected, indent=0))
    (HERE / "conversions.json").write_text(json.dumps(conversions()))


def check() -> None:
    dtypes = every_dtype()
    loaded = torch.load(HERE / "written-here.pth", weights_only=True)
    assert type(loaded) is OrderedDict and list(loaded) == list(dtypes)
    same("written-here.pth", loaded, dtypes)
    same("the same, mapped", torch.load(HERE / "written-here.pth", weights_only=True, mmap=True), dtypes)
    same("written-here.safetensors", load_file(HERE / "written-here.safetensors"), dtypes)
    halves = {k: t.half() if t.is_floating_point() else t for k, t in dtypes.items()}
    same("written-here-float16.safetensors", load_file(HERE / "written-here-float16.safetensors"), halves)
    with safe_open(HERE / "written-here-float16.safetensors", "pt") as file:
        assert file.metadata() == {"note": "as float16"}
    views_loaded = torch.load(HERE / "written-here-views.pth", weights_only=True)
    same("written-here-views.pth", views_loaded, views())


def same(name: str, loaded: dict, expected: dict) -> None:
    assert set(loaded) == set(expected)
    for key, tensor in expected.items():
        assert loaded[key].dtype == tensor.dtype and loaded[key].shape == tensor.shape, key
        assert raw(loaded[key]) == raw(tensor), key
    print(f"{name}: {len(expected)} tensors are the same, bit for bit")


if __name__ == "__main__":
    print(f"torch {torch.__version__}")
    {"make": make, "check": check}[sys.argv[1]]()
