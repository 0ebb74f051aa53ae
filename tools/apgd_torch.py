"""One APGD on labelled images in PyTorch eager, as research scripts write it: the other side of `bench/process.mjs`.

    python tools/apgd_torch.py MODEL.onnx IMAGES LABELS [--size 360x480] [--limit 2] [--eps 8/255] [--steps 30]
                               [--void 11] [--threads 2] [--channels-last]

IMAGES and LABELS are folders of pictures and of index PNGs of the same names. All images are one batch. The loss is
cross-entropy on pixels that are still right; the step size begins at 2ε and is halved at the checkpoints of Croce and
Hein (ICML 2020), and the point with the fewest right pixels is kept. It prints the accuracy before and after.
"""

import argparse
from fractions import Fraction
from pathlib import Path

import torch

from bench_torch import from_onnx
from images import load_image, load_labels
from pixel_losses import Pixels, first_argmax, image_mean, mask_ce

MOMENTUM = 0.75


def checkpoints(steps: int) -> set[int]:
    """Croce and Hein, section 3.2: p₀ = 0, p₁ = 0.22, then distances that shrink by 0.03 and end at 0.06."""
    marks = [0.0, 0.22]
    while marks[-1] < 1:
        marks.append(marks[-1] + max(marks[-1] - marks[-2] - 0.03, 0.06))
    return {-int(-mark * steps // 1) for mark in marks[1:] if mark <= 1}


def apgd(model, image: torch.Tensor, labels: torch.Tensor, eps: float, steps: int) -> torch.Tensor:
    def evaluate(point):
        point = point.detach().requires_grad_()
        logits = model(point)
        losses = image_mean(mask_ce, Pixels(logits, labels))
        (gradient,) = torch.autograd.grad(losses.sum(), point)
        right = (first_argmax(logits.detach()) == labels).flatten(1).sum(1)
        return losses.detach(), gradient, right

    def inside(point):
        return torch.max(torch.min(point, image + eps), image - eps).clamp(0, 1)

    def per_image(values):
        return values.reshape(-1, 1, 1, 1)

    point = inside(image + eps * (2 * torch.rand_like(image) - 1))
    losses, gradient, right = evaluate(point)
    best, best_losses, best_gradient = point, losses, gradient
    kept, fewest = point, right
    step = torch.full_like(losses, 2 * eps)
    raised, previous, last_best, last_step = torch.zeros_like(losses), point, losses, step
    marks, since = checkpoints(steps), 0
    for i in range(1, steps + 1):
        ahead = inside(point + per_image(step) * gradient.sign())
        share = 1.0 if i == 1 else MOMENTUM
        moved = inside(point + share * (ahead - point) + (1 - share) * (point - previous))
        previous, point = point, moved
        before = losses
        losses, gradient, right = evaluate(point)
        raised, since = raised + (losses > before), since + 1
        fewer, higher = right < fewest, losses > best_losses
        kept, fewest = torch.where(per_image(fewer), point, kept), torch.minimum(right, fewest)
        best, best_gradient = (
            torch.where(per_image(higher), point, best),
            torch.where(per_image(higher), gradient, best_gradient),
        )
        best_losses = torch.maximum(losses, best_losses)
        if i in marks:
            halved = (raised < 0.75 * since) | ((last_step == step) & (last_best == best_losses))
            last_step, last_best = step, best_losses
            step = torch.where(halved, step / 2, step)
            point, gradient = (
                torch.where(per_image(halved), best, point),
                torch.where(per_image(halved), best_gradient, gradient),
            )
            losses = torch.where(halved, best_losses, losses)
            raised, since = torch.zeros_like(losses), 0
    return kept


def main() -> None:
    arguments = _parse()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    names = sorted(path.stem for path in arguments.images.glob("*.png"))[: arguments.limit]
    height, width = arguments.size
    model, _ = from_onnx(arguments.model, [len(names), 3, height, width], arguments.channels_last)
    image = torch.cat([load_image(arguments.images / f"{name}.png", height, width) for name in names])
    labels = torch.cat([load_labels(arguments.labels / f"{name}.png", height, width, arguments.void) for name in names])
    if arguments.channels_last:
        image = image.to(memory_format=torch.channels_last)
    counted = labels >= 0
    for title, points in [
        ("clean", image),
        ("apgd:mask-ce", apgd(model, image, labels, arguments.eps, arguments.steps)),
    ]:
        with torch.no_grad():
            right = first_argmax(model(points)) == labels
        shares = right.flatten(1).sum(1) / counted.flatten(1).sum(1)
        print(f"{title}: {float(shares.mean()):.4f}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("images", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--size", type=lambda text: [int(n) for n in text.split("x")], default=[360, 480])
    parser.add_argument("--limit", type=int, default=2)
    parser.add_argument("--eps", type=lambda text: float(Fraction(text)), default=8 / 255)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--void", type=int, default=11)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--channels-last", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
