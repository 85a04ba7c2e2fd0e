"""Makes data.json: what torchvision, Pillow and numpy give for small pictures, for the tests of src/data.

    pip install torch==2.14.1 torchvision==0.29.1
    python test/golden/data.py [FOLDER_OF_PHOTOGRAPHS]

With a folder (train and eval, a folder a class) also data-photographs.json: hashes of what becomes of some of them.
"""

import base64
import hashlib
import io
import json
import pathlib
import struct
import sys
import zlib

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms as T
from torchvision.transforms import functional as F
from torchvision.utils import make_grid


def picture(height, width):
    """The tests make the same pictures by the same formula."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return Image.fromarray(((x * 7 + y * 13 + c * 29 + (x * y) % 31 * 5 + x // 9 * 40) & 255).astype(np.uint8))


def b64(values):
    return base64.b64encode(values if isinstance(values, bytes) else np.ascontiguousarray(values).tobytes()).decode()


def pixels(image):
    array = np.asarray(image.convert("RGB"))
    return {"height": array.shape[0], "width": array.shape[1], "data": b64(array)}


def sha(image):
    array = np.asarray(image)
    return {"height": array.shape[0], "width": array.shape[1], "sha256": hashlib.sha256(array.tobytes()).hexdigest()}


def hwc(tensor):
    array = tensor.permute(1, 2, 0).contiguous().numpy()
    return {"height": array.shape[0], "width": array.shape[1], "data": b64(array.astype("<f4"))}


resize = [
    {"from": [h, w], "size": size, **pixels(T.Resize(size)(picture(h, w)))}
    for h, w, size in [
        (20, 30, 8),
        (30, 20, 8),
        (9, 13, 20),
        (20, 30, [7, 45]),
        (12, 12, [12, 5]),
        (12, 12, [5, 12]),
        (1, 1, [3, 4]),
        (17, 40, 17),
        (98, 43, [20, 20]),
        (100, 52, [30, 17]),
        (9, 30, [20, 8]),
    ]
]
resize_large = [
    {"from": [h, w], "size": size, **sha(T.Resize(size)(picture(h, w)))}
    for h, w, size in [(375, 500, 256), (500, 333, 256), (166, 250, [224, 224]), (1200, 1600, 224)]
]
resized_crop = [
    {"from": [h, w], "box": box, "size": size, **pixels(F.resized_crop(picture(h, w), *box, size))}
    for h, w, box, size in [
        (20, 30, [3, 5, 12, 20], [8, 8]),
        (20, 30, [0, 0, 8, 30], [8, 8]),
        (20, 30, [4, 7, 8, 8], [8, 8]),
        (20, 30, [15, 2, 5, 9], [8, 8]),
    ]
]
center_crop = [
    {"from": [h, w], "size": size, **pixels(T.CenterCrop(size)(picture(h, w)))}
    for h, w, size in [(9, 12, 5), (10, 13, 6), (11, 8, [3, 7]), (5, 6, 9), (4, 12, [9, 5]), (7, 7, 7)]
]
crop = [
    {"from": [6, 5], "box": box, **pixels(F.crop(picture(6, 5), *box))}
    for box in [[1, 2, 4, 3], [-3, 3, 6, 5], [-2, -1, 12, 9], [4, -2, 3, 4], [2, 0, 6, 5], [7, 0, 2, 2], [0, -4, 3, 4]]
]
mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
normalized = hwc(T.Compose([T.ToTensor(), T.Normalize(mean, std)])(picture(6, 7)))

# Boxes of RandomResizedCrop: the fallback is certain where no try can fit; elsewhere the tests compare averages.
fallback = [
    {"from": [h, w], "ratio": ratio, "box": list(T.RandomResizedCrop.get_params(torch.empty(3, h, w), [1.0, 1.0], ratio))}
    for h, w, ratio in [(10, 1000, [3 / 4, 4 / 3]), (1000, 10, [3 / 4, 4 / 3]), (7, 9, [100, 200]), (5, 33, [0.5, 1.5])]
]
torch.manual_seed(0)
boxes = np.array(
    [T.RandomResizedCrop.get_params(torch.empty(3, 375, 500), [0.08, 1.0], [3 / 4, 4 / 3]) for _ in range(20000)]
)
box_averages = {"from": [375, 500], "mean": boxes.mean(0).tolist(), "std": boxes.std(0).tolist()}


def grid_inputs(n):
    return torch.stack([T.ToTensor()(picture(3, 4)) * (i + 1) / 3 - 0.2 * i for i in range(n)])


grids = [
    {"n": n, "options": options, **hwc(make_grid(grid_inputs(n), **options))}
    for n, options in [(5, {"nrow": 3}), (3, {}), (1, {}), (9, {})]
]

# The article's cal_mean_std on pictures of unequal size; arrays are red, green, blue, so nothing is reversed.
sizes = [(5, 8), (12, 3), (20, 20)]
arrays = [np.asarray(picture(h, w)) for h, w in sizes]
scaled = [a.astype(np.float32) / 255.0 for a in arrays]
every = np.concatenate([a.reshape(-1, 3) for a in arrays]).astype(np.float64) / 255
statistics = {
    "sizes": sizes,
    "calMeanStd": [
        np.around(np.mean([[s[:, :, i].mean() for i in range(3)] for s in scaled], 0).astype(np.float64), 3).tolist(),
        np.around(np.mean([[s[:, :, i].std() for i in range(3)] for s in scaled], 0).astype(np.float64), 3).tolist(),
    ],
    "allPixels": [every.mean(0).tolist(), every.std(0).tolist()],
}


def png16(array, color_type):
    """Pillow can't write 16-bit colour."""
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", array.shape[1], array.shape[0], 16, color_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def files():
    rgb = picture(8, 10)
    alpha = Image.fromarray((np.mgrid[0:8, 0:10][1] * 25).astype(np.uint8))
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    exif = Image.Exif()
    exif[274] = 6  # the camera was turned a quarter
    palette = rgb.quantize(16)
    deep = np.asarray(rgb).astype(np.uint16) * 200 + 77

    def saved(image, format, **options):
        file = io.BytesIO()
        image.save(file, format, **options)
        return file.getvalue()

    yield "color.jpg", saved(rgb, "JPEG", quality=90)
    yield "progressive.jpg", saved(rgb, "JPEG", progressive=True)
    yield "grey.jpg", saved(rgb.convert("L"), "JPEG")
    yield "cmyk.jpg", saved(rgb.convert("CMYK"), "JPEG", quality=95)
    yield "turned.jpg", saved(rgb, "JPEG", exif=exif)
    yield "stray-bytes.jpg", saved(rgb, "JPEG") + b"stray"
    yield "color.png", saved(rgb, "PNG")
    yield "alpha.png", saved(rgba, "PNG")
    yield "grey-alpha.png", saved(rgba.convert("LA"), "PNG")
    yield "palette-transparent.png", saved(palette, "PNG", transparency=3)
    yield "black-white.png", saved(rgb.convert("1"), "PNG")
    yield "deep.png", png16(deep, 2)
    yield "color.webp", saved(rgb, "WEBP", lossless=True)
    yield "cmyk.tif", saved(rgb.convert("CMYK"), "TIFF")
    yield "color.bmp", saved(rgb, "BMP")
    yield "grey.bmp", saved(rgb.convert("L"), "BMP")
    yield "color.ppm", saved(rgb, "PPM")
    yield "grey.pgm", saved(rgb.convert("L"), "PPM")


decoded = [{"name": n, "file": b64(f), **pixels(Image.open(io.BytesIO(f)))} for n, f in files()]

golden = {
    "made by": f"test/golden/data.py with torch {torch.__version__.split('+')[0]}, "
    f"torchvision {torchvision.__version__.split('+')[0]}, Pillow {PIL.__version__}, numpy {np.__version__}",
    "resize": resize,
    "resizeLarge": resize_large,
    "resizedCrop": resized_crop,
    "centerCrop": center_crop,
    "crop": crop,
    "flip": {"from": [4, 5], **pixels(F.hflip(picture(4, 5)))},
    "normalized": {"from": [6, 7], "mean": mean, "std": std, **normalized},
    "fallback": fallback,
    "boxAverages": box_averages,
    "grids": grids,
    "statistics": statistics,
    "decoded": decoded,
}
path = pathlib.Path(__file__).with_name("data.json")
path.write_text(json.dumps(golden, indent=1) + "\n")
print(path, path.stat().st_size)

if len(sys.argv) > 1:
    root = pathlib.Path(sys.argv[1])
    evaluation = T.Compose([T.Resize(256), T.CenterCrop(224)])
    hashes = []
    for folder in sorted(root.glob("*/*")):
        for path in sorted(p for p in folder.iterdir() if p.suffix == ".jpg")[::60]:
            image = Image.open(path).convert("RGB")
            h, w = image.height, image.width
            box = [h // 5, w // 7, h // 2, w - w // 7]  # top, left, height, width
            crop = F.resized_crop(image, *box, [224, 224])
            hashes.append(
                {"path": str(path.relative_to(root)), "decoded": sha(image), "eval": sha(evaluation(image)), "crop": sha(crop)}
            )
    path = pathlib.Path(__file__).with_name("data-photographs.json")
    path.write_text(json.dumps(hashes, indent=1) + "\n")
    print(path, len(hashes), "photographs")
