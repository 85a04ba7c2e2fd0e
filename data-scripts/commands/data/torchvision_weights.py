"""Writes src/models/resnetWeights.json and src/models/imagenetCategories.json from torchvision's own lists.

    python -m venv VENV && VENV/bin/pip install torch==2.14.1 torchvision==0.29.1
    VENV/bin/python data-scripts/commands/data/torchvision_weights.py [--check]

With --check it writes nothing and fails where a file differs. Needed again only when torchvision publishes other weights;
the workbook itself needs neither torch nor torchvision.
"""

import inspect
import json
import sys
from pathlib import Path

from torchvision.models import resnet
from torchvision.models._meta import _IMAGENET_CATEGORIES

MODELS = Path(__file__).resolve().parents[3] / "src" / "models"


def entry(weights):
    preset, meta = weights.transforms.keywords, weights.meta
    [(data_set, metrics)] = meta["_metrics"].items()
    known = set(meta) == {
        "min_size", "categories", "num_params", "recipe", "_metrics", "_ops", "_file_size", "_docs"
    }  # fmt: skip
    assert known and data_set == "ImageNet-1K" and meta["categories"] is _IMAGENET_CATEGORIES, weights
    assert meta["min_size"] == (1, 1)
    assert weights.transforms.func is resnet.ImageClassification and set(preset) <= {"crop_size", "resize_size"}
    return {
        "url": weights.url,
        "cropSize": preset["crop_size"],
        "resizeSize": preset.get("resize_size", 256),
        "numParams": meta["num_params"],
        "acc1": metrics["acc@1"],
        "acc5": metrics["acc@5"],
        "gigaOps": meta["_ops"],
        "fileSize": meta["_file_size"],
        "recipe": meta["recipe"],
        "docs": " ".join(meta["_docs"].split()),
    }


def main():
    classes = [cls for _, cls in inspect.getmembers(resnet, inspect.isclass) if issubclass(cls, resnet.WeightsEnum)]
    classes = [cls for cls in classes if cls is not resnet.WeightsEnum]
    classes.sort(key=lambda cls: resnet.__all__.index(cls.__name__))
    weights = {
        cls.__name__: {"members": {each.name: entry(each) for each in cls}, "default": cls.DEFAULT.name}
        for cls in classes
    }
    for name, content in [("resnetWeights", weights), ("imagenetCategories", _IMAGENET_CATEGORIES)]:
        path = MODELS / f"{name}.json"
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path} is not what torchvision has: run this without --check.")


main()
