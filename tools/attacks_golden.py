"""Golden courses of attacks that are not APGD, on the tiny network, float32.

    python tools/attacks_golden.py    writes test/golden/attacks.json (needs test/golden/pgd/, see pgd_trajectory.py)

PAdam (Halmosi, Mohos, Jelasity, ECCV 2024) is torch.optim.Adam with AMSGrad and a projection. The others are those of
adversarial-library (adv-lib on PyPI), with all perturbations allowed that leave the image in [0, 1]. Its ALMA-prox gets
the penalty from here, whose slope is the derivative; the library's own slope above 0 begins with μ·y in place of μ.

The model, `image` and `labels` are those of test/golden/pgd/, and `start` is where PAdam starts. DAG attacks ¼ + ½·image: no
point of it comes near 0 or 1, where the library goes on outside and this program does not. Besides `steps` and
`radius` the file has for each attack and image, at every point δ that the model is asked about, the start included:

    correct         right pixels
    largest, mean   the largest and the mean |δ|
"""

import json
import os
import sys
import types
from collections.abc import Callable
from pathlib import Path

os.environ["TORCHDYNAMO_DISABLE"] = "1"  # The library compiles a function, which needs a C++ compiler.
sys.modules.setdefault("visdom", types.ModuleType("visdom"))  # It only draws curves, and nothing here does.

import torch
from adv_lib.attacks.segmentation import alma_prox, dag, pdpgd

import tensor_folder
from ball import NORMS
from onnx_torch import load
from pixel_losses import LOSSES, Pixels, image_mean
from segmenter import Segmenter, open_segmenter

HERE = Path(__file__).parent.parent / "test" / "golden"
RADIUS, STEPS = 4 / 255, 30

Attack = Callable[["Watched", torch.Tensor, torch.Tensor, torch.Tensor], None]


class Watched:
    """A model that notes the points that it is asked about."""

    def __init__(self, model: Segmenter, image: torch.Tensor, labels: torch.Tensor):
        self.model, self.image, self.labels = model, image, labels
        self.course = {"correct": [], "largest": [], "mean": []}

    def __call__(self, point: torch.Tensor) -> torch.Tensor:
        logits = self.model(point)
        size = (point - self.image).detach().abs()
        self.course["correct"].append(int(Pixels(logits.detach(), self.labels).correct.sum()))
        self.course["largest"].append(float(f"{size.max():.6g}"))
        self.course["mean"].append(float(f"{size.mean():.6g}"))
        return logits


def padam(loss: str) -> Attack:
    def run(model: Watched, image: torch.Tensor, labels: torch.Tensor, start: torch.Tensor) -> None:
        point = start.clone().requires_grad_()
        adam = torch.optim.Adam([point], lr=2 / 255, amsgrad=True, maximize=True)
        for _ in range(STEPS):
            adam.zero_grad()
            image_mean(LOSSES[loss], Pixels(model(point), labels)).sum().backward()
            adam.step()
            with torch.no_grad():
                point.copy_(NORMS["linf"].project(image, point, RADIUS))
        model(point)

    return run


def penalty(y: torch.Tensor, rho: torch.Tensor, mu: torch.Tensor) -> torch.Tensor:
    """P of ALMA-prox: cubic above 0, a hyperbola below."""
    above = mu * y + mu * rho * y**2 + rho**2 * y**3 / 6
    below = mu * y / (1 - rho.clamp(min=1) * y.clamp(max=0))
    return torch.where(y >= 0, above, below)


def of_library(attack: Callable, **options) -> Attack:
    """An attack of the library, whose steps are counted from the start point."""

    def run(model: Watched, image: torch.Tensor, labels: torch.Tensor, _: torch.Tensor) -> None:
        attack(model, image, labels.clamp(min=0), masks=labels != -1, **options)

    return run


ATTACKS: dict[str, Attack] = {
    "padam-ce": padam("ce"),
    "padam-cos": padam("spherical"),
    "alma-prox": of_library(alma_prox, num_steps=STEPS + 1, penalty=penalty),
    "pdpgd": of_library(pdpgd, norm=float("inf"), primal_lr=0.01, num_steps=STEPS + 1),
    "dag": of_library(dag, max_iter=STEPS + 1, γ=0.5 / 255),
}


def main() -> None:
    torch.set_num_threads(1)  # The maps are tiny, and one thread always adds up in the same order.
    _, tensors = tensor_folder.read(HERE / "pgd")
    images, labels, starts = (torch.from_numpy(tensors[name]) for name in ("image", "labels", "start"))
    model = open_segmenter(load(HERE / "pgd" / "model.onnx"))
    courses = {}
    for name, attack in ATTACKS.items():
        batch = images / 2 + 0.25 if name == "dag" else images
        courses[name] = []
        for i in range(len(images)):
            image, label, start = (tensor[i : i + 1] for tensor in (batch, labels, starts))
            watched = Watched(model, image, label)
            attack(watched, image, label, start)
            courses[name].append(watched.course)
            print(name, i, watched.course["correct"])
    golden = {"command": "python tools/attacks_golden.py", "steps": STEPS, "radius": RADIUS, "courses": courses}
    (HERE / "attacks.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
