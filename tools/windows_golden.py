"""Logits and gradients of a network that sees images window by window, by MMSegmentation's own slide mode in float64.

    python tools/windows_golden.py    writes test/golden/windows.json

Needs mmsegmentation 1.2.2 with mmcv-lite 2.1.0 besides requirements.txt. `EncoderDecoder.slide_inference` lays the grid,
runs and averages; the network is a small one, whose logits of half the window's size are resized as a decode head does.

The file: `scale`, by which weight i of every weight tensor is sin(i + 1) · scale; and `cases`, a list of

    window, stride, size    [height, width] each; `size` is that of the image
    image                   3·H·W floats in [0, 1]
    labels                  H·W classes; −1: ignored
    logits                  K·H·W, the mean over windows
    objective               cross-entropy, mean over all H·W pixels, ignored ones adding 0
    gradient                3·H·W, of the objective at the image

Numbers are rounded to 9 digits.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import torch
import torch.nn.functional as F

# The compiled operators of mmcv are not in mmcv-lite, and the slide mode uses none of them.
sys.modules["mmcv.ops"] = MagicMock()
sys.modules["mmcv.ops.modulated_deform_conv"] = MagicMock()
from mmseg.models.segmentors.encoder_decoder import EncoderDecoder  # noqa: E402

GOLDEN = Path(__file__).parent.parent / "test" / "golden" / "windows.json"
SCALE = 0.7
CLASSES = 3
CASES = [
    {"window": (6, 6), "stride": (4, 4), "size": (11, 13)},
    {"window": (6, 8), "stride": (3, 8), "size": (6, 12)},
    {"window": (8, 6), "stride": (5, 2), "size": (6, 11)},
    {"window": (4, 4), "stride": (1, 3), "size": (7, 8)},
]


def weight(*shape: int) -> torch.Tensor:
    return (torch.sin(torch.arange(np.prod(shape), dtype=torch.float64) + 1) * SCALE).reshape(shape)


def encode_decode(image: torch.Tensor, metas: list[dict]) -> torch.Tensor:
    """Logits of half the size, resized to `img_shape`: what a decode head's `predict_by_feat` does."""
    hidden = torch.relu(F.conv2d(image, weight(5, 3, 3, 3), weight(5), stride=2, padding=1))
    logits = F.conv2d(hidden, weight(CLASSES, 5, 1, 1), weight(CLASSES))
    return F.interpolate(logits, size=metas[0]["img_shape"], mode="bilinear", align_corners=False)


def golden(case: dict, random: np.random.Generator) -> dict:
    h, w = case["size"]
    image = torch.tensor(random.random((1, 3, h, w), dtype=np.float32).astype(np.float64), requires_grad=True)
    labels = torch.tensor(random.integers(-1, CLASSES, (1, h, w)))
    segmentor = SimpleNamespace(
        test_cfg=SimpleNamespace(crop_size=case["window"], stride=case["stride"]),
        out_channels=CLASSES,
        encode_decode=encode_decode,
    )
    logits = EncoderDecoder.slide_inference(segmentor, image, [{}])
    objective = F.cross_entropy(logits, labels, ignore_index=-1, reduction="sum") / (h * w)
    (gradient,) = torch.autograd.grad(objective, image)
    return {
        **case,
        "image": numbers(image),
        "labels": labels.flatten().tolist(),
        "logits": numbers(logits),
        "objective": numbers(objective)[0],
        "gradient": numbers(gradient),
    }


def numbers(tensor: torch.Tensor) -> list[float]:
    return [float(f"{value:.9g}") for value in tensor.detach().flatten().tolist()]


if __name__ == "__main__":
    random = np.random.default_rng(1)
    cases = [golden(case, random) for case in CASES]
    GOLDEN.write_text(json.dumps({"scale": SCALE, "classes": CLASSES, "cases": cases}) + "\n")
