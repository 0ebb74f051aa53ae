"""Golden values and gradients of the pixel losses, by autograd in float64.

    python tools/losses_golden.py    writes test/golden/losses.json

The file: `dims` N, K, H, W; `logits` (exact in float32) and `labels` (−1: ignored), row-major; `classWeights`, `gain` and `price` of each class;
`correct` and `counted` pixels of each image; and `losses`, a list of

    name, balance, temperature    the loss, for balanced-ce λ, and for softmax losses τ
    objective         N: mean over all H·W pixels, ignored ones adding 0
    trackedOwn, trackedPublished    N: the same mean of the loss that controls the step size, by either convention
    score             N: what the kept image minimises, summed over the pixels
    gradient          N·K·H·W: gradient of the sum of `objective` with respect to the logits

Among the pixels are logits of ±80 with the label on either side, ties with the label first and second, and logits
that are all equal. Numbers are rounded to 10 digits.
"""

import json
from pathlib import Path

import numpy as np
import torch

from pixel_losses import LOSSES, OWN_TRACKED, PUBLISHED_TRACKED, SCORES, Pixels, image_mean, image_sum, js

GOLDEN = Path(__file__).parent.parent / "test" / "golden" / "losses.json"
DIMS = (2, 5, 6, 7)
GAIN = torch.tensor([0.5, 0.0, 2.0, 0.125, 0.75], dtype=torch.float64)
PRICE = torch.tensor([1.5, 0.25, 1.0, 0.0, 3.0], dtype=torch.float64)
TEMPERED = ("ce", "mask-ce", "balanced-ce", "class-balanced-ce", "js", "cospgd", "cospgd-sigmoid", "expected-accuracy", "expected-miou")


def special_pixels() -> list[tuple[list[float], int]]:
    """(logits, label) of the pixels that go wrong first."""
    return [
        ([80, -80, -80, -80, -80], 0),
        ([80, -80, -80, -80, -80], 3),
        ([80, 80, -80, -80, -80], 0),
        ([80, 80, -80, -80, -80], 1),
        ([80, 79, -80, 0, 0], 1),
        ([2, 2, 0, -1, 1], 0),
        ([2, 2, 0, -1, 1], 1),
        ([1.5, 1.5, 1.5, 1.5, 1.5], 0),
        ([1.5, 1.5, 1.5, 1.5, 1.5], 4),
        ([-80, -80, -80, -80, -79.5], 4),
        ([0, 0, 0, 0, -80], 4),
    ]


def inputs(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits, labels and class weights; multiples of 2⁻⁸, so that every number is short and exact."""
    random = np.random.default_rng(seed)
    logits = np.round(random.standard_normal(DIMS) * 3 * 256) / 256
    labels = np.where(random.random((2, 6, 7)) < 0.5, logits.argmax(1), random.integers(0, 5, (2, 6, 7)))
    for i, (values, label) in enumerate(special_pixels()):
        place = (i % 2, i // 7, i % 7)
        logits[place[0], :, place[1], place[2]] = values
        labels[place] = label
    labels[0, 4, :3] = labels[1, 5, 2:] = -1
    weights = np.array([0.4, 0.3, 0.2, 0.1, 0.0]) + 1 / 64
    return torch.from_numpy(logits), torch.from_numpy(labels), torch.from_numpy(weights)


def row(name: str, balance: float, temperature: float, logits, labels, weights) -> dict:
    """One loss: objective, tracked losses, gradient."""
    u = logits.clone().requires_grad_()
    objective = image_mean(LOSSES[name], Pixels(u, labels, weights, balance, GAIN, PRICE, temperature))
    (gradient,) = torch.autograd.grad(objective.sum(), u)
    fixed = Pixels(logits, labels, weights, balance, GAIN, PRICE, temperature)
    return {
        "name": name,
        "balance": balance,
        "temperature": temperature,
        "objective": rounded(objective),
        "trackedOwn": rounded(image_mean(OWN_TRACKED[name], fixed)),
        "trackedPublished": rounded(image_mean(PUBLISHED_TRACKED[name], fixed)),
        "score": rounded(image_sum(SCORES[name], fixed)),
        "gradient": rounded(gradient),
    }


def rounded(values: torch.Tensor) -> list[float]:
    return [float(f"{v:.10g}") for v in values.detach().flatten().tolist()]


def check_js(pixels: Pixels) -> None:
    """The closed form must be the divergence: ½KL(p‖m) + ½KL(e_y‖m) with m = (p + e_y)/2."""
    p = pixels.logits.softmax(1)
    e = torch.nn.functional.one_hot(pixels.labels.clamp(min=0), p.shape[1]).movedim(-1, 1)
    m = (p + e) / 2
    divergence = ((torch.xlogy(p, p / m) + torch.xlogy(e, e / m)) / 2).sum(1)
    difference = float((js(pixels) - divergence).abs().max())
    assert difference < 1e-14, f"closed form and definition of js differ by {difference}"


def main() -> None:
    logits, labels, weights = inputs()
    pixels = Pixels(logits, labels, weights)
    check_js(pixels)
    cases = [(name, 0.0, 1.0) for name in LOSSES] + [("balanced-ce", balance, 1.0) for balance in (0.2, 0.5)]
    cases += [(name, 0.2, temperature) for name in TEMPERED for temperature in (0.3, 0.1)]
    golden = {
        "command": "python tools/losses_golden.py",
        "dims": list(DIMS),
        "logits": logits.flatten().tolist(),
        "labels": labels.flatten().tolist(),
        "classWeights": weights.tolist(),
        "gain": GAIN.tolist(),
        "price": PRICE.tolist(),
        "correct": [int(n) for n in pixels.correct.sum((1, 2))],
        "counted": [int(n) for n in pixels.counted.sum((1, 2))],
        "losses": [row(*case, logits, labels, weights) for case in cases],
    }
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text(json.dumps(golden) + "\n")
    print(f"{GOLDEN.name}: {len(cases)} rows, {GOLDEN.stat().st_size} bytes")


if __name__ == "__main__":
    main()
