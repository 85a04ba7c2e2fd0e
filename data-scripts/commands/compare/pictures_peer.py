"""Pillow's side of `npm run compare -- pictures`: a path on each line of stdin, one line of JSON for each."""

import hashlib
import json
import sys
import warnings

import PIL
from PIL import Image


def read(path):
    try:
        with Image.open(path) as image:
            rgb = image.convert("RGB")
    except Exception as error:  # whatever it is, Pillow does not read this file
        return {"refusal": f"{type(error).__name__}: {error}"}
    return {"height": rgb.height, "width": rgb.width, "sha256": hashlib.sha256(rgb.tobytes()).hexdigest()}


def answer(value):
    print(json.dumps(value), flush=True)


warnings.simplefilter("ignore")
answer({"Pillow": PIL.__version__})
for line in sys.stdin:
    answer(read(json.loads(line)["path"]))
