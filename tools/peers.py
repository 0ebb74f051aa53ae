"""Attacks of other people on the images of a stored run, in PyTorch, beside what the run left.

    seawall eval … --seeds 5 --out RUN
    python tools/peers.py RUN MODEL.onnx IMAGES LABELS --void 11 --attacks cospgd,segpgd --steps 240
    python tools/peers.py RUN MODEL.onnx IMAGES LABELS --void 11 --attacks sea --code attacker.py --steps 60
    python tools/peers.py RUN MODEL.onnx IMAGES LABELS --void 11 --attacks alma-prox,pdpgd --steps 240 --threshold 0.99

onnx_torch.py runs the model. IMAGES and LABELS are the folders of pictures and index PNGs from which RUN was made. Each
radius of RUN is attacked, with every seed:

    cospgd, segpgd     written from the papers (Agnihotri, Jung, Keuper, ICML 2024; Gu et al., ECCV 2022): a uniform
                       start in the ball and sign steps of each of --alphas. The papers return the last point; here
                       every point is looked at, and each image's one with the fewest right pixels is counted
    sea                the released code of Croce, Singh, Hein as it is: `apgd_largereps` of semseg/utils/attacker.py of
                       2023, for its four losses, each with --steps. It needs the package autoattack. The unmasked
                       spherical loss, which it tracks and which is missing from the release, is added
    alma-prox, pdpgd   of adversarial-library 0.2.8 (`pip install adv-lib`): the smallest perturbation that makes
                       --threshold of the pixels wrong. `found at` is max|δ|·255 of each image. Points are cut to the
                       ball before their pixels are counted

aAcc is the mean over the images of the lowest over the losses; mIoU is that of the set, with the lowest choice of a
loss for each image that a search finds. Both are means over seeds with their 95 % t-intervals. Above them stands the
row of RUN, from its result.json: with --seeds, of its single seeds.
"""

import argparse
import contextlib
import dataclasses
import functools
import importlib.util
import io
import json
import os
import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from scipy import stats

from ball import NORMS
from images import load_image, load_labels
from onnx_torch import load
from pixel_losses import LOSSES, Pixels, image_mean
from rescore import Counts, count, mean_iou, radius, run_parser
from segmenter import Segmenter, open_segmenter

# Loss of the released code and the loss by which it steers the step size.
SEA = {
    "mask-ce-avg": "ce-avg",
    "segpgd-loss": "ce-avg",
    "js-avg": "ce-avg",
    "mask-norm-corrlog-avg": "norm-corrlog-avg",
}


@dataclasses.dataclass(frozen=True, eq=False)
class Task:
    """All images of a run as one batch, labels −1 where ignored."""

    model: Segmenter
    names: list[str]
    image: torch.Tensor
    labels: torch.Tensor

    def counts(self, points: torch.Tensor) -> list[Counts]:
        return [count(self.model, *(x[i : i + 1] for x in (points, self.labels))) for i in range(len(points))]


@dataclasses.dataclass
class Found:
    """What an attack found with one seed."""

    counts: list[list[Counts]]  # by loss, then by image
    norms: list[float]  # max|δ| of each image before its point is cut to the ball
    passes: int

    @property
    def accuracy(self) -> float:
        return float(np.mean([min(c.accuracy for c in image) for image in zip(*self.counts)]))

    @property
    def iou(self) -> float:
        """The lowest mIoU that switching one image at a time reaches, from each loss and from the lowest accuracies."""
        losses, images = range(len(self.counts)), range(len(self.counts[0]))
        lowest = [min(losses, key=lambda a: self.counts[a][i].accuracy) for i in images]
        return min(self._descend(list(choice)) for choice in [lowest, *([a] * len(images) for a in losses)])

    def _descend(self, choice: list[int]) -> float:
        value = self._iou(choice)
        while True:
            others = [[*choice[:i], a, *choice[i + 1 :]] for i in range(len(choice)) for a in range(len(self.counts))]
            best = min(others, key=self._iou)
            if self._iou(best) >= value:
                return value
            choice, value = best, self._iou(best)

    def _iou(self, choice: list[int]) -> float:
        return mean_iou([self.counts[a][i] for i, a in enumerate(choice)])


Attack = Callable[[Task, float, argparse.Namespace], Found]


def sign_steps(loss: str, alpha: float) -> Attack:
    def run(task: Task, eps: float, arguments: argparse.Namespace) -> Found:
        norm, steps = NORMS["linf"], arguments.steps
        point = (task.image + eps * (2 * torch.rand_like(task.image) - 1)).clamp(0, 1)
        lowest, kept = torch.full([len(point)], torch.inf), point
        for step in range(steps + 1):
            x = point.clone().requires_grad_()
            # SegPGD's λ is the share of the steps over two.
            pixels = Pixels(task.model(x), task.labels, balance=step / (2 * steps))
            right = pixels.correct.sum((1, 2))
            lower = (right < lowest).reshape(-1, 1, 1, 1)
            lowest, kept = torch.minimum(lowest, right), torch.where(lower, point, kept)
            if step < steps:
                (gradient,) = torch.autograd.grad(image_mean(LOSSES[loss], pixels).sum(), x)
                point = norm.project(task.image, point + alpha * norm.direction(gradient), eps)
        return found(task, eps, [kept], steps + 1)

    return run


def released_sea(code: Path) -> Attack:
    spec = importlib.util.spec_from_file_location("attacker", code)
    attacker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(attacker)
    attacker.criterion_dict["norm-corrlog-avg"] = functools.partial(
        attacker.single_logits_loss, normalized=True, reduction="none"
    )

    def run(task: Task, eps: float, arguments: argparse.Namespace) -> Found:
        model = Network(task.model).eval()
        points = []
        for loss, tracked in SEA.items():
            with contextlib.redirect_stdout(io.StringIO()):
                kept, _, _ = attacker.apgd_largereps(
                    model, task.image.clone(), task.labels, eps=eps, n_iter=arguments.steps, loss=loss,
                    track_loss=tracked, use_rs=True, early_stop=True,
                )  # fmt: skip
            points.append(kept)
        return found(task, eps, points, len(SEA) * (arguments.steps + 3))

    return run


def smallest(name: str) -> Attack:
    os.environ["TORCHDYNAMO_DISABLE"] = "1"  # No compiler is needed for maps of this size.
    sys.modules.setdefault("visdom", types.ModuleType("visdom"))  # Imported by the library for live plots alone.
    from adv_lib.attacks import segmentation

    options = {"alma-prox": {}, "pdpgd": {"norm": float("inf"), "primal_lr": 0.01}}[name]
    attack = {"alma-prox": segmentation.alma_prox, "pdpgd": segmentation.pdpgd}[name]

    @functools.cache  # The radius plays no part before the points are cut.
    def points(task: Task, steps: int, threshold: float) -> torch.Tensor:
        labels, masks = task.labels.clamp(min=0), task.labels >= 0
        chosen = options | {"adv_threshold": threshold, "num_steps": steps}
        return attack(Network(task.model).eval(), task.image, labels, masks=masks, **chosen).detach()

    def run(task: Task, eps: float, arguments: argparse.Namespace) -> Found:
        return found(task, eps, [points(task, arguments.steps, arguments.threshold)], arguments.steps)

    return run


class Network(torch.nn.Module):
    """A segmenter as these attacks take it."""

    def __init__(self, model: Segmenter):
        super().__init__()
        self.model = model

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.model(image)


def found(task: Task, eps: float, points: list[torch.Tensor], passes: int) -> Found:
    """The points of each loss, cut to the ball."""
    norms = torch.stack([(p - task.image).abs().amax((1, 2, 3)) for p in points]).amin(0)
    counts = [task.counts(NORMS["linf"].project(task.image, p, eps)) for p in points]
    return Found(counts, norms.tolist(), passes)


def attacks(arguments: argparse.Namespace) -> Iterator[tuple[str, Attack, int]]:
    """Name, attack and number of seeds; those without random numbers need one."""
    for name in arguments.attacks.split(","):
        if name in ("cospgd", "segpgd"):
            loss = {"cospgd": "cospgd", "segpgd": "balanced-ce"}[name]
            for alpha in map(float, arguments.alphas.split(",")):
                yield f"{name}, α = {alpha:g}", sign_steps(loss, alpha), arguments.seeds
        elif name == "sea":
            yield "SEA, released code", released_sea(arguments.code), arguments.seeds
        elif name in ("alma-prox", "pdpgd"):
            yield f"{name}, {arguments.threshold:.0%} wrong", smallest(name), 1
        else:
            raise SystemExit(f"--attacks: {name} is none of cospgd, segpgd, sea, alma-prox, pdpgd")


def interval(values: list[float]) -> str:
    """`57.40 ± 0.21`: percent, mean and half of the 95 % t-interval; without it for one value."""
    mean = 100 * np.mean(values)
    if len(values) < 2:
        return f"{mean:.2f}"
    half = 100 * stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{mean:.2f} ± {half:.2f}"


def figures_of_run(result: dict, eps: str) -> list[dict]:
    """aAcc and mIoU of the worst case of a run; of its single seeds, where it has several."""
    worst = next(at_radius["worst"] for at_radius in result["robust"] if at_radius["eps"] == eps)
    uncertain = next((u for u in result.get("uncertainty", []) if u["eps"] == eps), {})
    return uncertain.get("seeds", {}).get("single", [worst])


def line(name: str, seeds: int, passes: str, accuracy: str, iou: str, norm: str = "", seconds: str = "") -> str:
    return f"{name:28}{seeds:6}{passes:>8}{accuracy:>16}{iou:>16}{norm:>26}{seconds:>9}"


def read_task(arguments: argparse.Namespace, images: list[str]) -> Task:
    model = open_segmenter(load(arguments.model))
    _, _, height, width = model.dims()
    pictures = [load_image(arguments.images / f"{name}.png", height, width) for name in images]
    labels = [load_labels(arguments.labels / f"{name}.png", height, width, arguments.void) for name in images]
    return Task(model, images, torch.cat(pictures), torch.cat(labels))


def main() -> None:
    arguments = _parse()
    torch.set_num_threads(1)
    result = json.loads((arguments.run / "result.json").read_text())
    lines = (arguments.run / "journal.jsonl").read_text().splitlines()
    clean = sorted((r for r in map(json.loads, lines) if r["attack"] == "clean"), key=lambda r: r["index"])
    task = read_task(arguments, [record["image"] for record in clean])
    right = [int(c.intersection.sum()) for c in task.counts(task.image)]
    if right != [record["correct"] for record in clean]:
        raise SystemExit(f"clean, {right} pixels are right, in the run {[r['correct'] for r in clean]}: other files")
    chosen = list(attacks(arguments))
    for eps in arguments.eps.split(",") if arguments.eps else result_radii(result):
        print(f"\nε = {eps}, {len(task.names)} images, "
              f"{float((task.labels < 0).float().mean()):.1%} of the pixels ignored")  # fmt: skip
        print(f"{'attack':28}{'seeds':>6}{'passes':>8}{'aAcc, %':>16}{'mIoU, %':>16}{'found at':>26}{'seconds':>9}")
        single = figures_of_run(result, eps)
        accuracy, iou = (interval([seed[figure] for seed in single]) for figure in ("aAcc", "mIoU"))
        print(line(f"Seawall, {result['protocol']['attacks']}", len(single), "", accuracy, iou))
        for name, attack, seeds in chosen:
            start, runs = time.process_time(), []
            for seed in range(seeds):
                torch.manual_seed(seed)
                runs.append(attack(task, radius(eps), arguments))
            accuracy, iou = (interval([getattr(r, figure) for r in runs]) for figure in ("accuracy", "iou"))
            norms = " ".join(f"{255 * n:.2f}" for n in runs[0].norms)
            seconds = f"{time.process_time() - start:.0f}"
            print(line(name, seeds, str(runs[0].passes), accuracy, iou, norms, seconds), flush=True)


def result_radii(result: dict) -> list[str]:
    return [at_radius["eps"] for at_radius in result["robust"]]


def _parse() -> argparse.Namespace:
    parser = run_parser(__doc__)
    parser.add_argument("--attacks", default="cospgd,segpgd")
    parser.add_argument("--eps", help="radii of the run to attack; default: all")
    parser.add_argument("--steps", type=int, default=240, help="iterations; of sea, for each of its four losses")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--alphas", default="0.01", help="step sizes of cospgd and segpgd; 0.01 is the official one")
    parser.add_argument("--threshold", type=float, default=0.99, help="wrong pixels that alma-prox and pdpgd aim at")
    parser.add_argument("--code", type=Path, help="with sea: semseg/utils/attacker.py of the authors' repository")
    return parser.parse_args()


if __name__ == "__main__":
    main()
