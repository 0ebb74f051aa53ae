"""Golden files for test/data: what Pillow makes of small images, and of VOC's evaluation crops.

    python tools/pillow_resize.py                  writes test/golden/pillow_resize.json
    python tools/pillow_resize.py VOCdevkit/VOC2012  also test/golden/voc_crops.json, for the split val

Needs Pillow and NumPy. The pixels of the small images come from `noise`, which the test repeats.
"""

import base64
import hashlib
import json
import pathlib
import sys

import numpy as np
import PIL
from PIL import Image

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "test" / "golden"

# Shapes (height, width) before and after: shrinking, growing, both at once, one axis only, single pixels.
SHAPES = [
    ((7, 9), (5, 4)),
    ((7, 9), (13, 20)),
    ((8, 6), (3, 14)),
    ((9, 5), (9, 11)),
    ((9, 5), (4, 5)),
    ((10, 15), (15, 10)),
    ((1, 1), (4, 3)),
    ((6, 40), (2, 1)),
    ((375, 500), (473, 630)),
    ((333, 500), (128, 192)),
    ((300, 451), (64, 512)),
]


def noise(count):
    """Bytes of a linear congruential generator that starts at `count`."""
    state, out = count, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        out.append(state >> 24)
    return np.array(out, dtype=np.uint8)


def packed(array):
    """Small arrays in full, large ones as their hash."""
    data = array.tobytes()
    if len(data) <= 1000:
        return {"base64": base64.b64encode(data).decode()}
    return {"sha256": hashlib.sha256(data).hexdigest()}


def resized(array, shape, method):
    return np.array(resize(Image.fromarray(array), (shape[1], shape[0]), method))


def resize(image, size, method):
    """One `resize` of Pillow up to 12. Since 13 one call may do the vertical pass first; two calls never do."""
    return image.resize((size[0], image.height), method).resize(size, method)


def small_cases():
    for before, after in SHAPES:
        pixels = noise(before[0] * before[1] * 3).reshape(*before, 3)
        yield {
            "from": before,
            "to": after,
            "bilinear": packed(resized(pixels, after, Image.Resampling.BILINEAR)),
            "nearest": packed(resized(np.ascontiguousarray(pixels[:, :, 0]), after, Image.Resampling.NEAREST)),
        }


def evaluation_crop(image, side, method):
    """Short side to `side`, then the centre side×side, as in the published VOC evaluation."""
    w, h = image.size
    size = (int(w * side / h), side) if w > h else (side, int(h * side / w))
    image = resize(image, size, method)
    left, top = round((size[0] - side) / 2), round((size[1] - side) / 2)
    return np.array(image.crop((left, top, left + side, top + side)))


def voc_cases(root, side=473):
    """Void (255) counts as background, as there."""
    root = pathlib.Path(root)
    for name in (root / "ImageSets/Segmentation/val.txt").read_text().split():
        image = Image.open(root / "JPEGImages" / f"{name}.jpg").convert("RGB")
        labels = Image.open(root / "SegmentationClass" / f"{name}.png")
        crop = evaluation_crop(labels, side, Image.Resampling.NEAREST)
        yield {
            "id": name,
            "image": packed(evaluation_crop(image, side, Image.Resampling.BILINEAR)),
            "labels": packed(crop * (crop != 255)),
        }


def write(name, cases):
    text = json.dumps({"pillow": PIL.__version__, "cases": list(cases)}, indent=1)
    (GOLDEN / name).write_text(text + "\n")


if __name__ == "__main__":
    write("pillow_resize.json", small_cases())
    if len(sys.argv) > 1:
        write("voc_crops.json", voc_cases(sys.argv[1]))
