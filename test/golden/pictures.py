"""Makes pictures of every format, mode, compression and size, whole and damaged, to compare decoders with Pillow.

    python test/golden/pictures.py FOLDER [COUNT] [SEED]
    python test/golden/pictures.py --golden

The same count and seed give the same files. `--golden` writes some small ones into pictures.json, with what Pillow makes
of them.

    pip install pillow==13.0.0 numpy
"""

import base64
import hashlib
import io
import itertools
import json
import pathlib
import random
import struct
import sys
import warnings
import zlib

import numpy as np
import PIL
from PIL import Image, ImageCms

warnings.simplefilter("ignore")
count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
dice = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 0)
noise = np.random.default_rng(dice.getrandbits(32))

SIZES = [(1, 1), (1, 7), (9, 1), (8, 8), (17, 33), (64, 48), (120, 90), (3, 250), (257, 5)]


def picture():
    """Smooth colours with some noise, so that every compression has something to do."""
    width, height = dice.choice(SIZES)
    y, x = np.mgrid[0:height, 0:width]
    waves = [128 + 100 * np.sin(x / dice.uniform(2, 30) + y / dice.uniform(2, 30) + dice.uniform(0, 6)) for _ in range(3)]
    return Image.fromarray((np.stack(waves, -1) + noise.uniform(0, 20, (height, width, 3))).astype(np.uint8))


def alpha(image):
    result = image.convert("RGBA")
    result.putalpha(Image.fromarray(noise.integers(0, 256, image.size[::-1], dtype=np.uint8)))
    return result


TO_LAB = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
MODES = {
    "RGB": lambda i: i,
    "L": lambda i: i.convert("L"),
    "1": lambda i: i.convert("1"),
    "P": lambda i: i.quantize(dice.choice([2, 3, 4, 16, 40, 256])),
    "RGBA": alpha,
    "LA": lambda i: alpha(i).convert("LA"),
    "PA": lambda i: alpha(i).convert("PA"),
    "CMYK": lambda i: i.convert("CMYK"),
    "YCbCr": lambda i: i.convert("YCbCr"),
    "LAB": lambda i: ImageCms.applyTransform(i, TO_LAB),
    "I": lambda i: i.convert("I"),
    "I;16": lambda i: Image.fromarray(np.asarray(i.convert("L")).astype(np.uint16) * dice.choice([1, 200])),
    "I;16B": lambda i: i.convert("I;16B"),
    "F": lambda i: i.convert("F"),
}


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def exif():
    result = Image.Exif()
    result[274] = dice.randint(0, 9)
    return result


def jpeg():
    mode = dice.choice(["RGB", "RGB", "RGB", "L", "CMYK", "YCbCr"])
    options = {
        "quality": dice.choice([1, 10, 50, 75, 90, 95, 100]),
        "subsampling": dice.choice([0, 1, 2, "4:1:1"]) if mode != "L" else -1,
        "progressive": dice.random() < 0.3,
        "optimize": dice.random() < 0.3,
        "restart_marker_blocks": dice.choice([0, 0, 0, 1, 5]),
        "keep_rgb": mode == "RGB" and dice.random() < 0.1,
        "comment": b"x" * dice.choice([0, 0, 3]),
    }
    if dice.random() < 0.3:
        options["exif"] = exif()
    if options["keep_rgb"]:
        options["subsampling"] = 0
    return "jpg", saved(MODES[mode](picture()), "JPEG", **options)


def png():
    mode = dice.choice(["RGB", "RGB", "RGBA", "L", "LA", "P", "1", "I", "I;16"])
    options = {"optimize": dice.random() < 0.2, "compress_level": dice.choice([0, 1, 6, 9])}
    if dice.random() < 0.2:
        options["exif"] = exif()
    if mode == "P":
        options["transparency"] = dice.choice([0, 1, bytes([0, 90, 255])])
        options["bits"] = dice.choice([8, 8, 4, 2, 1])
        return "png", saved(picture().quantize(2), "PNG", **options)
    return "png", saved(MODES[mode](picture()), "PNG", **options)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png():
    """Depths, colour types and interlacing that Pillow does not write, with random pixels."""
    depth, colour = dice.choice(
        [(1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2), (1, 3), (2, 3), (4, 3), (8, 3), (8, 4), (16, 4), (8, 6), (16, 6)]
    )
    width, height = dice.choice(SIZES)
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    interlaced = dice.random() < 0.4
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for x0, y0, dx, dy in passes if interlaced else [(0, 0, 1, 1)]:
        w, h = -(-(width - x0) // dx), -(-(height - y0) // dy)
        if w > 0 and h > 0:
            for _ in range(h):
                raw += bytes([dice.randint(0, 4)]) + noise.bytes((w * samples * depth + 7) // 8)
    body = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    if dice.random() < 0.3:
        body += chunk(b"gAMA", struct.pack(">I", dice.choice([45455, 100000, 22727])))
    if colour == 3:
        body += chunk(b"PLTE", noise.bytes(3 << depth))
    if colour in (0, 2, 3) and dice.random() < 0.4:
        body += chunk(b"tRNS", {0: struct.pack(">H", 1), 2: struct.pack(">HHH", 1, 2, 3), 3: b"\0\x80"}[colour])
    data = zlib.compress(raw, dice.choice([0, 1, 9]))
    cut = dice.randint(0, len(data))
    body += chunk(b"IDAT", data[:cut]) + chunk(b"IDAT", data[cut:])
    return "png", b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def webp():
    image = MODES[dice.choice(["RGB", "RGB", "RGBA", "L"])](picture())
    options = {"lossless": dice.random() < 0.4, "quality": dice.choice([1, 50, 80, 100]), "method": dice.choice([0, 4, 6])}
    if dice.random() < 0.2:
        options["exif"] = exif()
    if dice.random() < 0.15:
        options.update(save_all=True, append_images=[image.rotate(180)], duration=50)
    return "webp", saved(image, "WEBP", **options)


def gif():
    image = MODES[dice.choice(["P", "P", "L", "1", "RGB"])](picture())
    options = {"interlace": dice.random() < 0.4}
    if dice.random() < 0.3 and image.mode == "P":
        options["transparency"] = dice.randint(0, 3)
    if dice.random() < 0.3:
        options.update(save_all=True, append_images=[image.rotate(180)], duration=50)
    return "gif", saved(image, "GIF", **options)


COMPRESSIONS = [None, "packbits", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "zstd", "lzma", "webp", "group3", "group4", "tiff_ccitt"]


def tiff():
    mode = dice.choice(list(MODES))
    image = MODES[mode](picture())
    compression = dice.choice(COMPRESSIONS[:4] * 3 + COMPRESSIONS)
    info = {}
    if dice.random() < 0.3:
        info[274] = dice.randint(0, 9)
    if dice.random() < 0.3:
        info[278] = dice.choice([1, 8, 16])  # rows in a strip
    if compression in ("tiff_lzw", "tiff_adobe_deflate", "zstd", "lzma") and dice.random() < 0.4 and mode in ("RGB", "L", "RGBA", "CMYK"):
        info[317] = 2  # horizontal differences
    if dice.random() < 0.05:
        info[266] = 2  # bits turned round
    options = {"tiffinfo": info, "big_tiff": dice.random() < 0.05}
    if compression == "jpeg":
        options["quality"] = dice.choice([50, 90])
    if compression:
        options["compression"] = compression
    return "tif", saved(image, "TIFF", **options)


def raw_tiff():
    """Layouts that Pillow does not write: planes apart, tiles, odd depths and formats, either byte order, with random pixels."""
    order = dice.choice("<>")
    width, height = dice.choice(SIZES)
    photometric, samples, extra = dice.choice(
        [(0, 1, []), (1, 1, []), (2, 3, []), (2, 4, [0]), (2, 4, [1]), (2, 4, [2]), (3, 1, []), (5, 4, []), (6, 3, []), (8, 3, []), (1, 2, [2]), (1, 2, [1]), (2, 5, [0, 0])]
    )
    bits = dice.choice([1, 2, 4, 8, 8, 8, 8, 16, 32]) if samples == 1 else dice.choice([8, 8, 8, 16])
    planes_apart = samples > 1 and dice.random() < 0.25
    tiled = dice.random() < 0.15
    across, down = (16, 16) if tiled else (width, dice.choice([height, 1, 5]))
    tiles_across, tiles_down = -(-width // across), -(-height // down)
    parts = []
    for plane, row, _ in itertools.product(range(samples if planes_apart else 1), range(tiles_down), range(tiles_across)):
        rows = down if tiled else min(down, height - row * down)
        parts.append(noise.bytes(rows * ((across * (1 if planes_apart else samples) * bits + 7) // 8)))
    compression = dice.choice([1, 1, 8, 32946])
    if compression != 1:
        parts = [zlib.compress(part) for part in parts]
    tags = {
        256: ("L", [width]),
        257: ("L", [height]),
        258: ("H", [bits] * samples),
        259: ("H", [compression]),
        262: ("H", [photometric]),
        277: ("H", [samples]),
        284: ("H", [2 if planes_apart else 1]),
    }
    if dice.random() < 0.3:
        tags[274] = ("H", [dice.randint(0, 9)])
    if dice.random() < 0.15:
        tags[339] = ("H", [dice.choice([1, 2, 3])] * samples)
    if photometric == 3:
        tags[320] = ("H", [dice.randint(0, 65535) for _ in range(3 << min(bits, 16))])
    if extra:
        tags[338] = ("H", extra)
    if dice.random() < 0.05:
        tags[65000] = ("H", [7])  # unknown to all
    lengths = [len(part) for part in parts]
    starts = [8 + sum(lengths[:i]) for i in range(len(parts))]
    if tiled:
        tags.update({322: ("L", [across]), 323: ("L", [down]), 324: ("L", starts), 325: ("L", lengths)})
    else:
        tags.update({273: ("L", starts), 278: ("L", [down]), 279: ("L", lengths)})
    data = b"".join(parts)
    data += b"\0" * (len(data) % 2)
    directory, beyond = b"", b""
    beyond_at = 8 + len(data) + 2 + 12 * len(tags) + 4
    for tag, (kind, values) in sorted(tags.items()):
        packed = struct.pack(order + kind * len(values), *values)
        directory += struct.pack(order + "HHI", tag, {"H": 3, "L": 4}[kind], len(values))
        if len(packed) <= 4:
            directory += packed.ljust(4, b"\0")
        else:
            directory += struct.pack(order + "I", beyond_at + len(beyond))
            beyond += packed
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(data))
    return "tif", head + data + struct.pack(order + "H", len(tags)) + directory + b"\0\0\0\0" + beyond


def bmp():
    return "bmp", saved(MODES[dice.choice(["RGB", "L", "1", "P", "RGBA"])](picture()), "BMP")


def raw_bmp():
    """Headers, depths and masks that Pillow does not write, with random pixels."""
    header = dice.choice([12, 40, 40, 52, 56, 64, 108, 124])
    bits = dice.choice([1, 4, 8, 16, 24, 32, 2])
    width, height = dice.choice(SIZES)
    pixels = noise.bytes((width * bits + 31) // 32 * 4 * height)
    masks = [0, 0, 0, 0]
    compression = 0
    if header > 12 and bits in (16, 24, 32) and dice.random() < 0.6:
        compression = 3
        masks = dice.choice(
            [
                [0xF800, 0x7E0, 0x1F, 0],
                [0x7C00, 0x3E0, 0x1F, 0],
                [0xFF0000, 0xFF00, 0xFF, 0],
                [0xFF0000, 0xFF00, 0xFF, 0xFF000000],
                [0xFF, 0xFF00, 0xFF0000, 0xFF000000],
                [0xFF000000, 0xFF0000, 0xFF00, 0],
                [0xFF000000, 0xFF0000, 0xFF00, 0xFF],
                [0xFF000000, 0xFF00, 0xFF, 0],
                [0xFF000000, 0xFF00, 0xFF, 0xFF0000],
                [0, 0, 0, 0],
                [0xF00, 0xF0, 0xF, 0xF000],
            ]
        )
    colours = 0
    if bits <= 8:
        colours = 1 << bits if header == 12 else dice.choice([0, 0, 1 << bits, 2, 1 << bits - 1, 300])
    entry = 3 if header == 12 else 4
    palette = noise.bytes(entry * (colours or 1 << bits)) if bits <= 8 else b""
    if palette and dice.random() < 0.2:
        palette = b"".join(bytes([i % 256] * 3 + [0] * (entry - 3)) for i in range(len(palette) // entry))
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        flipped = dice.random() < 0.3
        info = struct.pack(
            "<IiiHHIIIIII", header, width, -height if flipped else height, 1, bits, compression, 0, 2835, 2835, colours, 0
        )
        info = (info + struct.pack("<IIII", *masks)).ljust(header, b"\0")[:header]
        if header == 40 and compression == 3:
            info += struct.pack("<III", *masks[:3])
    start = 14 + len(info) + len(palette)
    gap = noise.bytes(dice.choice([0, 0, 0, 5]))
    head = b"BM" + struct.pack("<IHHI", start + len(gap) + len(pixels), 0, 0, start + len(gap))
    return "bmp", head + info + palette + gap + pixels


def pnm():
    return "ppm", saved(MODES[dice.choice(["RGB", "L", "1", "I;16"])](picture()), "PPM")


def raw_pnm():
    width, height = dice.choice(SIZES[:7])
    kind = dice.choice("123456")
    largest = dice.choice([255, 255, 1, 7, 100, 254, 256, 1023, 65535])
    values = noise.integers(0, (1 if kind in "14" else largest) + 1, width * height * (3 if kind in "36" else 1))
    comment = dice.choice([b"", b"# a comment\n", b"#\r"])
    head = b"P" + kind.encode() + b"\n" + comment + b"%d %d" % (width, height)
    if kind not in "14":
        head += dice.choice([b" ", b"\n", b"\r\n"]) + b"%d" % largest
    if kind in "123":
        gap = dice.choice([" ", "\n", "\t "] if kind != "1" else ["", " ", "\n"])
        return "ppm", head + b"\n" + dice.choice([b"", comment]) + gap.join(map(str, values)).encode() + b"\n"
    if kind == "4":
        return "pbm", head + b"\n" + noise.bytes((width + 7) // 8 * height)
    return "pgm", head + b"\n" + values.astype(np.uint8 if largest < 256 else ">u2").tobytes()


def many_warnings():
    """A JPEG with wrong bytes among its coefficients: libjpeg warns of each and goes on."""
    file = bytearray(saved(picture().resize((160, 120)), "JPEG", quality=90, restart_marker_blocks=dice.choice([1, 2, 0])))
    for _ in range(dice.choice([1, 5, 60, 200])):
        at = dice.randrange(700, len(file) - 2)
        if 0xFF not in file[at - 1 : at + 2]:
            file[at] = dice.randrange(255)
    return "jpg", bytes(file)


def damaged(file):
    kind = dice.choice(["cut", "flip", "flip", "flips", "insert", "remove", "zeros", "append"])
    at = dice.randrange(len(file))
    if kind == "cut":
        return file[:at]
    if kind == "append":
        return file + noise.bytes(dice.choice([1, 9, 500]))
    if kind == "insert":
        return file[:at] + noise.bytes(dice.choice([1, 2, 30])) + file[at:]
    if kind == "remove":
        return file[:at] + file[at + dice.choice([1, 2, 30]) :]
    result = bytearray(file)
    if kind == "zeros":
        length = min(dice.choice([1, 4, 64]), len(file) - at)
        result[at : at + length] = bytes(length)
    for _ in range({"flip": 1, "flips": 10}.get(kind, 0)):
        place = dice.randrange(min(len(file), dice.choice([64, 400, len(file)])))
        result[place] ^= 1 << dice.randrange(8)
    return bytes(result)


MAKERS = [jpeg, jpeg, png, raw_png, webp, gif, tiff, raw_tiff, bmp, raw_bmp, pnm, raw_pnm, many_warnings]


def files():
    """Endless: name, ending, content."""
    for number in itertools.count():
        maker = MAKERS[number % len(MAKERS)]
        try:
            ending, file = maker()
        except (OSError, ValueError, KeyError, RuntimeError, SystemError):
            continue  # a mode that this format, or this compression, does not have
        name = f"{number:05}-{maker.__name__.replace('_', '-')}"
        if dice.random() < 0.4:
            file, name = damaged(file), name + "-damaged"
        yield name, ending, file


def outcome(file):
    try:
        image = Image.open(io.BytesIO(file)).convert("RGB")
    except Exception as error:
        return {"refusal": type(error).__name__}
    return {"height": image.height, "width": image.width, "sha256": hashlib.sha256(image.tobytes()).hexdigest()}


def golden():
    """Eight whole and four damaged ones of each maker, small, but for JPEGs with many warnings: two."""
    wanted = {kind + end: 8 >> (end != "") for kind in {maker.__name__.replace("_", "-") for maker in MAKERS} for end in ("", "-damaged")}
    wanted.update({"many-warnings": 2, "many-warnings-damaged": 1})
    kept = {kind: [] for kind in sorted(wanted)}
    for name, ending, file in files():
        kind = name.split("-", 1)[1]
        largest = 9000 if kind.startswith("many") else 750 if ending == "jpg" else 500
        if len(kept[kind]) < wanted[kind] and 0 < len(file) <= largest:
            content = base64.b64encode(file).decode()
            kept[kind].append({"name": f"{name}.{ending}", "file": content, **outcome(file)})
        if all(len(some) == wanted[kind] for kind, some in kept.items()):
            break
    lines = ",\n".join(json.dumps(entry) for some in kept.values() for entry in some)
    made_by = f"test/golden/pictures.py with Pillow {PIL.__version__}, numpy {np.__version__}"
    path = pathlib.Path(__file__).with_name("pictures.json")
    path.write_text(f'{{"made by": {json.dumps(made_by)}, "pictures": [\n{lines}\n]}}\n')
    print(path, path.stat().st_size)


if sys.argv[1] == "--golden":
    golden()
else:
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, ending, file in itertools.islice(files(), count):
        (folder / f"{name}.{ending}").write_bytes(file)
