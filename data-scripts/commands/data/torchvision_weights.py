"""Writes src/models/resnetWeights.ts and src/models/imagenetCategories.ts from torchvision's own lists.

    python -m venv VENV && VENV/bin/pip install torch==2.14.1 torchvision==0.29.1
    VENV/bin/python data-scripts/commands/data/torchvision_weights.py
    npx prettier --write src/models/resnetWeights.ts src/models/imagenetCategories.ts

Needed again only when torchvision publishes other weights; the workbook itself needs neither torch nor torchvision.
"""

import inspect
import json
import textwrap
from pathlib import Path

import torchvision
from torchvision.models import resnet
from torchvision.models._meta import _IMAGENET_CATEGORIES

MODELS = Path(__file__).resolve().parents[3] / "src" / "models"
HEADER = (
    f"// Written by data-scripts/commands/data/torchvision_weights.py from torchvision {torchvision.__version__.split('+')[0]}; "
    "do not edit by hand.\n"
)


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def entry(weights):
    preset, meta = weights.transforms.keywords, weights.meta
    [(data_set, metrics)] = meta["_metrics"].items()
    known = set(meta) == {
        "min_size", "categories", "num_params", "recipe", "_metrics", "_ops", "_file_size", "_docs"
    }  # fmt: skip
    assert known and data_set == "ImageNet-1K" and meta["categories"] is _IMAGENET_CATEGORIES, weights
    assert weights.transforms.func is resnet.ImageClassification and set(preset) <= {"crop_size", "resize_size"}
    fields = {
        "url": quoted(weights.url),
        "cropSize": preset["crop_size"],
        "resizeSize": preset.get("resize_size", 256),
        "numParams": meta["num_params"],
        "acc1": metrics["acc@1"],
        "acc5": metrics["acc@5"],
        "gigaOps": meta["_ops"],
        "fileSize": meta["_file_size"],
        "recipe": quoted(meta["recipe"]),
        "docs": quoted(" ".join(meta["_docs"].split())),
    }
    lines = "".join(f"      {name}: {value},\n" for name, value in fields.items())
    return f"    {weights.name}: imagenet({{\n{lines}    }}),\n"


def enumeration(cls):
    name = cls.__name__
    return (
        f"export const {name} = weightsEnum(\n  '{name}',\n  {{\n{''.join(map(entry, cls))}  }},\n"
        f"  '{cls.DEFAULT.name}',\n);\n"
        f"export type {name} = Weights<'{name}'>;\n"
    )


def main():
    classes = [cls for _, cls in inspect.getmembers(resnet, inspect.isclass) if issubclass(cls, resnet.WeightsEnum)]
    classes = [cls for cls in classes if cls is not resnet.WeightsEnum]
    classes.sort(key=lambda cls: resnet.__all__.index(cls.__name__))
    (MODELS / "resnetWeights.ts").write_text(
        HEADER
        + "import { imagenet } from './imagenetWeights';\nimport { type Weights, weightsEnum } from './weights';\n\n"
        + "\n".join(map(enumeration, classes)),
        encoding="utf-8",
    )
    assert not any("," in name for name in _IMAGENET_CATEGORIES)
    names = textwrap.fill(", ".join(_IMAGENET_CATEGORIES), 108, break_on_hyphens=False)
    assert names.replace("\n", " ").split(", ") == _IMAGENET_CATEGORIES
    (MODELS / "imagenetCategories.ts").write_text(
        HEADER
        + "\nconst NAMES = `\n" + names + "`;\n\n"
        + "/** The names of ImageNet's 1000 classes, in the order of the logits. */\n"
        + "export const IMAGENET_CATEGORIES: readonly string[] = NAMES.trim().replaceAll('\\n', ' ').split(', ');\n",
        encoding="utf-8",
    )  # fmt: skip


main()
