"""Golden traces of APGD and of its radius reduction on the tiny network, written from the published pseudo-code.

    python tools/apgd_reference.py    writes test/golden/apgd/ (needs test/golden/pgd/, see pgd_trajectory.py)

Croce, Hein, ICML 2020 (APGD); Croce, Singh, Hein, arXiv 2306.12941 v2, §3.5 (radius reduction). Everything is float32
as in the program, per image, with gradients of the losses of pixel_losses.py averaged over all pixels.

Two conventions:

    own          the step size follows the attack's own loss without its mask, the first step is compared with the start
                 point, and the kept point has the lowest accuracy (class-balanced-ce: the lowest weighted one)
    published    the step size follows cross-entropy (mask-spherical: the spherical loss), the first step is compared
                 with zero, and the kept point has the lowest accuracy; linf only

The folder is a tensor folder (tensor_folder.py). The model, `image` and `labels` are those of ../pgd. Its tensors:

    start.NORM.SCHEDULE    float32 N×3×H×W, in the (first) ball and in [0, 1]
    kept                   int8 T×N×3×H×W, the final kept point of each trace with convention `own`, in trace order, as
                           round(127·(kept − image)/r), r the largest |kept − image| of the image

meta.json also has `classWeights` and `radius` {linf, l2}. traces.json is a list of

    norm, schedule, loss, convention, steps
    slots       [radius in units of ε, steps] of each run with a radius of its own; `constant` has one
    tracked     per slot and image: the tracked loss of the start and after each step, 6 digits
    correct     the same for the number of right pixels
    stepSize    per slot and image: the step size used by each step, in units of ε
    kept        per image: {step: counted over all slots, 0 the start; correct; largest: r in image units}
    stable      per image: the number of steps, over all slots, for which the same attack in float64 has the same right
                pixels, but for one, and to 1e-5 the same tracked loss at every point

Where a gradient is nearly zero its sign depends on rounding, and so does a mask where two logits are nearly equal; from
there on another correct program may go another way. So compare the first `stable` steps, `kept` only where `stable` is
`steps`, and pixels by shares.
"""

import dataclasses
import itertools
import json
from pathlib import Path

import torch

import tensor_folder
from ball import NORMS, Norm, lengths
from onnx_torch import load
from pixel_losses import LOSSES, OWN_TRACKED, PUBLISHED_TRACKED, Pixels, image_mean
from segmenter import Segmenter, open_segmenter

HERE = Path(__file__).parent.parent / "test" / "golden"
RADII = {"linf": 4 / 255, "l2": 0.6}
NAMES = ("ce", "mask-ce", "balanced-ce", "class-balanced-ce", "js", "mask-spherical", "cospgd")
CLASS_WEIGHTS = torch.tensor([0.5, 0.125, 0.375])


@dataclasses.dataclass
class Problem:
    """What is attacked, and how points are judged."""

    model: Segmenter
    image: torch.Tensor
    labels: torch.Tensor
    loss: str
    own: bool

    def judge(self, point: torch.Tensor, balance: float) -> "Judged":
        x = point.detach().clone().requires_grad_()
        pixels = Pixels(self.model(x), self.labels, CLASS_WEIGHTS, balance)
        objective = image_mean(LOSSES[self.loss], pixels)
        (gradient,) = torch.autograd.grad(objective.sum(), x)
        tracked = (OWN_TRACKED if self.own else PUBLISHED_TRACKED)[self.loss]
        weighted = self.own and self.loss == "class-balanced-ce"
        score = (pixels.correct * (pixels.class_weight if weighted else 1)).sum((1, 2))
        return Judged(gradient, image_mean(tracked, pixels).detach(), score, pixels.correct.sum((1, 2)).long())


@dataclasses.dataclass
class Judged:
    """Per image: the gradient at a point, the loss that controls the step size, what is minimised, right pixels."""

    gradient: torch.Tensor
    tracked: torch.Tensor
    score: torch.Tensor
    correct: torch.Tensor


@dataclasses.dataclass
class Trace:
    """Per image (outer list over steps): tracked loss and right pixels from the start on, step size of each step."""

    tracked: list[torch.Tensor]
    correct: list[torch.Tensor]
    step_size: list[torch.Tensor]


@dataclasses.dataclass
class Kept:
    """The point an attack returns for each image, the step it was found after (0: the start), its right pixels."""

    point: torch.Tensor
    step: torch.Tensor
    correct: torch.Tensor
    score: torch.Tensor


def where(mask: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Per image: a where the mask (N) holds, else b."""
    return torch.where(mask.reshape(-1, *[1] * (a.dim() - 1)), a, b)


def apgd(problem: Problem, norm: Norm, radius: float, steps: int, start: torch.Tensor) -> tuple[Kept, Trace]:
    """One run at a fixed radius; every quantity is a vector over the images, none of which knows another."""
    image = problem.image
    interval = max(int(0.22 * steps), 1)
    shortest, shrink = max(int(0.06 * steps), 1), max(int(0.03 * steps), 1)
    step_size = torch.full([len(image)], 2 * radius, dtype=image.dtype)
    current = previous = start.clamp(0, 1)
    now = problem.judge(current, balance=0.0)
    gradient = now.gradient
    best, best_gradient, best_tracked = current, gradient, now.tracked
    kept = Kept(current, torch.zeros(len(image), dtype=torch.int64), now.correct, now.score)
    best_at_check, halved_at_check = best_tracked, torch.ones(len(image), dtype=torch.bool)
    rises, last = torch.zeros(len(image)), now.tracked if problem.own else torch.zeros(len(image))
    trace, since_check = Trace([now.tracked], [now.correct], []), 0
    for i in range(steps):
        trace.step_size.append(step_size)
        drift, previous = current - previous, current
        share = 1.0 if i == 0 else 0.75
        aim = norm.project(image, current + step_size.reshape(-1, 1, 1, 1) * norm.direction(gradient), radius)
        current = norm.project(image, current + share * (aim - current) + (1 - share) * drift, radius)
        now = problem.judge(current, balance=(i + 1) / (2 * steps))
        gradient = now.gradient
        trace.tracked.append(now.tracked)
        trace.correct.append(now.correct)
        lower = now.score <= kept.score  # Of equal points the later one.
        kept = Kept(
            where(lower, current, kept.point),
            where(lower, torch.full_like(kept.step, i + 1), kept.step),
            where(lower, now.correct, kept.correct),
            where(lower, now.score, kept.score),
        )
        higher = now.tracked > best_tracked
        best, best_gradient = where(higher, current, best), where(higher, gradient, best_gradient)
        best_tracked = where(higher, now.tracked, best_tracked)
        rises, last = rises + (now.tracked > last), now.tracked
        since_check += 1
        if since_check == interval:
            halve = (rises <= 0.75 * interval) | (~halved_at_check & (best_at_check >= best_tracked))
            halved_at_check, best_at_check = halve, best_tracked
            step_size = torch.where(halve, step_size / 2, step_size)
            # `previous` stays: the next drift points from it to the best point.
            current, gradient = where(halve, best, current), where(halve, best_gradient, gradient)
            since_check, rises = 0, torch.zeros_like(rises)
            interval = max(interval - shrink, shortest)
    return kept, trace


def slots_of(schedule: str, steps: int) -> list[tuple[float, int]]:
    """(radius in units of ε, steps) of the runs of a schedule."""
    if schedule == "constant":
        return [(1.0, steps)]
    early = int(0.3 * steps)
    return [(2.0, early), (1.5, early), (1.0, steps - 2 * early)]


def attack(
    problem: Problem, norm_name: str, schedule: str, steps: int, start: torch.Tensor
) -> tuple[Kept, list[Trace]]:
    """The runs of a schedule, each from the kept point of the one before; the last one counts."""
    norm, traces, before = NORMS[norm_name], [], 0
    kept = None
    for factor, length in slots_of(schedule, steps):
        radius = factor * RADII[norm_name]
        origin = start if kept is None else norm.project(problem.image, kept.point, radius)
        kept, trace = apgd(problem, norm, radius, length, origin)
        kept.step += before
        before += length
        traces.append(trace)
    return kept, traces


def starts(image: torch.Tensor) -> dict[tuple[str, str], torch.Tensor]:
    """A random start in the first ball of every norm and schedule: uniform in the cube, or on the sphere."""
    generator = torch.Generator().manual_seed(5)
    found = {}
    for norm, schedule in itertools.product(NORMS, ("constant", "reduce")):
        radius = RADII[norm] * slots_of(schedule, 10)[0][0]
        if norm == "linf":
            noise = (torch.rand(image.shape, generator=generator) * 2 - 1) * radius
        else:
            noise = torch.randn(image.shape, generator=generator)
            noise *= radius / lengths(noise)
        found[norm, schedule] = NORMS[norm].project(image, image + noise, radius)
    return found


def stable_steps(single: list[Trace], double: list[Trace]) -> list[int]:
    """Per image how many steps two runs of an attack agree for, start points of slots included."""
    agreed, alive = [0] * len(single[0].tracked[0]), [True] * len(single[0].tracked[0])
    for a, b in zip(single, double):
        for i in range(len(a.tracked)):
            same = ((a.correct[i] - b.correct[i]).abs() <= 1) & torch.isclose(
                a.tracked[i].double(), b.tracked[i], 1e-5, 1e-9
            )
            alive = [before and bool(now) for before, now in zip(alive, same)]
            agreed = [n + (ok and i > 0) for n, ok in zip(agreed, alive)]
    return agreed


def record(
    problem: Problem, norm: str, schedule: str, steps: int, kept: Kept, traces: list[Trace], stable: list[int]
) -> dict:
    """A trace as it stands in the file."""
    epsilon = RADII[norm]
    largest = (kept.point - problem.image).abs().amax((1, 2, 3))

    def columns(rows: list[torch.Tensor], convert) -> list[list]:
        return [[convert(v) for v in column] for column in torch.stack(rows).T.tolist()]

    return {
        "norm": norm,
        "schedule": schedule,
        "loss": problem.loss,
        "convention": "own" if problem.own else "published",
        "steps": steps,
        "slots": slots_of(schedule, steps),
        "tracked": [columns(t.tracked, lambda v: float(f"{v:.6g}")) for t in traces],
        "correct": [columns(t.correct, int) for t in traces],
        "stepSize": [columns(t.step_size, lambda v: float(f"{v / epsilon:.6g}")) for t in traces],
        "kept": [
            {"step": int(s), "correct": int(c), "largest": float(f"{m:.6g}")}
            for s, c, m in zip(kept.step, kept.correct, largest)
        ],
        "stable": stable,
    }


def main() -> None:
    torch.set_num_threads(1)  # The maps are tiny, and one thread always adds up in the same order.
    _, given = tensor_folder.read(HERE / "pgd")
    image, labels = torch.from_numpy(given["image"]), torch.from_numpy(given["labels"])
    model, model64 = (open_segmenter(load(HERE / "pgd" / "model.onnx", t)) for t in (torch.float32, torch.float64))
    origin = starts(image)
    traces, points = [], []
    for own, norm, schedule, name, steps in itertools.product(
        (True, False), NORMS, ("constant", "reduce"), NAMES, (20, 50)
    ):
        if not own and norm != "linf":
            continue
        problem = Problem(model, image, labels, name, own)
        start = origin[norm, schedule]
        kept, runs = attack(problem, norm, schedule, steps, start)
        precise = Problem(model64, image.double(), labels, name, own)
        stable = stable_steps(runs, attack(precise, norm, schedule, steps, start.double())[1])
        traces.append(record(problem, norm, schedule, steps, kept, runs, stable))
        if own:
            delta = kept.point - image
            points.append(torch.round(127 * delta / delta.abs().amax((1, 2, 3), keepdim=True)).to(torch.int8))
    tensors = {f"start.{norm}.{schedule}": x for (norm, schedule), x in origin.items()}
    meta = {
        "command": "python tools/apgd_reference.py",
        "given": "../pgd",
        "radius": RADII,
        "classWeights": CLASS_WEIGHTS.tolist(),
    }
    out = HERE / "apgd"
    tensor_folder.write(out, meta, tensors | {"kept": torch.stack(points)})
    (out / "traces.json").write_text(json.dumps(traces, separators=(",", ":")).replace('{"norm"', '\n{"norm"') + "\n")
    print(f"{len(traces)} traces; {sum(f.stat().st_size for f in out.iterdir())} bytes in {out}")


if __name__ == "__main__":
    main()
