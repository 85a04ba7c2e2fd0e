"""torch's side of `npm run compare -- checkpoints`: answers each line of JSON on stdin with one on stdout."""

import hashlib
import json
import sys
import warnings

import safetensors
import torch
from safetensors.torch import load_file

MAX_LEVELS = 4  # as deep as this library looks for state dicts


def read(path):
    """What is in the file, by torch's loader that runs no code, or by safetensors'."""
    try:
        with open(path, "rb") as file:  # by its name, torch would take a file for safetensors
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        try:
            return load_file(path)
        except Exception as other:
            with open(path, "rb") as file:
                starts_as_safetensors = file.read(9)[8:] == b"{"
            raise ValueError(one_line(other if starts_as_safetensors else error)) from other


def one_line(error):
    """torch tells in paragraphs what else could be tried, and at last what is wrong."""
    text = str(error).partition("WeightsUnpickler error:")[2] or str(error)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text[:157] + "..." if len(text) > 160 else text


def state_dicts(value, key="", level=0):
    """The dicts of tensors that names lead to, with their keys; an optimizer's are left out."""
    if not isinstance(value, dict) or "param_groups" in value:
        return
    if all(isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in value.items()) and (value or not key):
        yield key, value
    if level < MAX_LEVELS:
        for name, inner in value.items():
            if isinstance(name, str):
                yield from state_dicts(inner, f"{key}.{name}" if key else name, level + 1)


def described(tensor):
    dtype = str(tensor.dtype)[6:]
    try:
        tensor = tensor.detach().resolve_neg().resolve_conj().clone(memory_format=torch.contiguous_format)
        data = tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        return [dtype, list(tensor.shape), hashlib.sha256(data).hexdigest()]
    except Exception as error:  # sparse, quantized, nested or without data
        return [f"{dtype} ({one_line(error)})", [], ""]


def answer(path):
    try:
        loaded = read(path)
    except Exception as error:
        return {"error": str(error)}
    dicts = {key: [[name, *described(t)] for name, t in state.items()] for key, state in state_dicts(loaded)}
    return {"dicts": dicts}


def main():
    warnings.simplefilter("ignore")
    print(json.dumps({"versions": f"torch {torch.__version__}, safetensors {safetensors.__version__}"}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line)["path"])), flush=True)


main()
