"""Golden courses of attacks that are not APGD, on the tiny network, float32.

    python tools/attacks_golden.py    writes test/golden/attacks.json (needs test/golden/pgd/, see pgd_trajectory.py)

PAdam (Halmosi, Mohos, Jelasity, ECCV 2024) is torch.optim.Adam with AMSGrad and a projection.

The model, `image` and `labels` are those of test/golden/pgd/, and `start` is where PAdam starts. Besides `steps` and
`radius` the file has for each attack and image, at every point δ that the model is asked about, the start included:

    correct         right pixels
    largest, mean   the largest and the mean |δ|
"""

import json
from collections.abc import Callable
from pathlib import Path

import torch

import tensor_folder
from ball import NORMS
from onnx_torch import load
from pixel_losses import LOSSES, Pixels, image_mean
from segmenter import Segmenter, open_segmenter

HERE = Path(__file__).parent.parent / "test" / "golden"
RADIUS, STEPS = 4 / 255, 20

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


ATTACKS: dict[str, Attack] = {
    "padam-ce": padam("ce"),
    "padam-cos": padam("spherical"),
}


def main() -> None:
    torch.set_num_threads(1)  # The maps are tiny, and one thread always adds up in the same order.
    _, tensors = tensor_folder.read(HERE / "pgd")
    images, labels, starts = (torch.from_numpy(tensors[name]) for name in ("image", "labels", "start"))
    model = open_segmenter(load(HERE / "pgd" / "model.onnx"))
    courses = {}
    for name, attack in ATTACKS.items():
        courses[name] = []
        for i in range(len(images)):
            image, label, start = (batch[i : i + 1] for batch in (images, labels, starts))
            watched = Watched(model, image, label)
            attack(watched, image, label, start)
            courses[name].append(watched.course)
            print(name, i, watched.course["correct"])
    golden = {"command": "python tools/attacks_golden.py", "steps": STEPS, "radius": RADIUS, "courses": courses}
    (HERE / "attacks.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
