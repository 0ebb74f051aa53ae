"""Golden files for test/data: what Pillow makes of an image under drawn augmentations, and of Gaussian blurs.

    python tools/augment_golden.py                  writes test/golden/augment.json

Needs Pillow and NumPy. The published order: flip, resize, pad, crop, blur. Pixels come from `noise`, which the test
repeats; what is drawn is written out, since the draws themselves have tests of their own.
"""

import json

import numpy as np
import PIL
from PIL import Image, ImageFilter, ImageOps
from pillow_resize import GOLDEN, noise, packed, resize

BILINEAR, NEAREST = Image.Resampling.BILINEAR, Image.Resampling.NEAREST

# Image, flipped, scaled size, top and left of the crop, its size, radius of the blur.
CASES = [
    ((9, 14), False, (6, 9), (1, 3), (4, 5), 0.0),
    ((9, 14), True, (6, 9), (1, 3), (4, 5), 0.6),
    ((14, 9), True, (20, 13), (9, 2), (8, 8), 0.999),
    ((9, 14), True, (5, 7), (0, 0), (8, 8), 0.0),
    ((9, 14), False, (5, 11), (0, 2), (8, 8), 0.3),
    ((7, 7), False, (1, 1), (0, 0), (3, 3), 1.0),
    ((100, 150), True, (64, 96), (11, 20), (48, 64), 0.45),
    ((375, 500), True, (700, 933), (100, 201), (473, 473), 0.8),
    ((333, 500), False, (256, 384), (0, 0), (473, 473), 0.05),
]
RADII = [0.0, 0.001, 0.01, 0.1, 0.25, 0.333, 0.5, 0.7, 0.9, 0.99999, 1.0, 1.2, 1.4]
SHAPES = [(1, 1), (1, 6), (5, 2), (8, 9)]


def augmented(array, flipped, scaled, corner, crop, radius):
    """The crop of an RGB image, or of labels (blur left out), padded with 0."""
    image = Image.fromarray(array)
    image = ImageOps.mirror(image) if flipped else image
    image = resize(image, scaled[::-1], NEAREST if array.ndim == 2 else BILINEAR)
    padded = (max(crop[1], image.width), max(crop[0], image.height))
    image = ImageOps.expand(image, (0, 0, padded[0] - image.width, padded[1] - image.height), fill=0)
    top, left = corner
    image = image.crop((left, top, left + crop[1], top + crop[0]))
    return np.array(image if array.ndim == 2 else image.filter(ImageFilter.GaussianBlur(radius)))


def crops():
    for size, *drawn in CASES:
        pixels = noise(size[0] * size[1] * 3).reshape(*size, 3)
        names = ["flipped", "scaled", "corner", "crop", "radius"]
        yield {
            "from": size,
            **dict(zip(names, drawn)),
            "image": packed(augmented(pixels, *drawn)),
            "labels": packed(augmented(np.ascontiguousarray(pixels[:, :, 0]), *drawn)),
        }


def blurs():
    for shape in SHAPES:
        for radius in RADII:
            pixels = Image.fromarray(noise(shape[0] * shape[1] * 3).reshape(*shape, 3))
            yield {
                "shape": shape,
                "radius": radius,
                "image": packed(np.array(pixels.filter(ImageFilter.GaussianBlur(radius)))),
            }


if __name__ == "__main__":
    text = json.dumps({"pillow": PIL.__version__, "crops": list(crops()), "blurs": list(blurs())}, indent=1)
    (GOLDEN / "augment.json").write_text(text + "\n")
