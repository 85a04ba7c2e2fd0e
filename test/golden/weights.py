"""torchvision's own lists of weights and of ImageNet's categories: writes test/golden/weights.json.

    pip install torch==2.14.1 torchvision==0.29.1
    python test/golden/weights.py

The 1,000 names are kept as the SHA-256 of their JSON, for they stand in src already.
"""

import hashlib
import json
from pathlib import Path

from torchvision.models import get_model_weights, resnet
from torchvision.models._meta import _IMAGENET_CATEGORIES


def described(weights):
    preset = weights.transforms()
    meta = dict(weights.meta)
    assert meta.pop("categories") is _IMAGENET_CATEGORIES
    meta["_docs"] = " ".join(meta["_docs"].split())
    return {
        "url": weights.url,
        "default": type(weights).DEFAULT is weights,
        "crop_size": preset.crop_size,
        "resize_size": preset.resize_size,
        "mean": preset.mean,
        "std": preset.std,
        "interpolation": preset.interpolation.value,
        "meta": meta,
    }


enumerations = [get_model_weights(name) for name in resnet.__all__ if name[0].islower()]
categories = json.dumps(_IMAGENET_CATEGORIES, separators=(",", ":"), ensure_ascii=False).encode()
golden = {
    "categories": hashlib.sha256(categories).hexdigest(),
    "weights": {str(weights): described(weights) for enumeration in enumerations for weights in enumeration},
}
(Path(__file__).resolve().parent / "weights.json").write_text(json.dumps(golden, indent=1) + "\n")
