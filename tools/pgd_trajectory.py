"""A golden trajectory of PGD on cross-entropy, float32, from a fixed start.

    python tools/pgd_trajectory.py                          writes test/golden/pgd/ (the tiny network, tiny_net.py)
    python tools/pgd_trajectory.py --model MODEL.onnx --image photo.png --labels truth.png --void 11 --out FOLDER

Each step is x ← P(x + α·sign(∇L)) with P(z) = clip(z, x0 − ε, x0 + ε), then [0, 1]; L is the cross-entropy summed over
the pixels that count (label −1 does not) and divided by all H·W, summed over images. ε = 4/255, α = 2/255, 10 steps.

The folder is a tensor folder (tensor_folder.py) with, all N×3×H×W float32 unless said,

    image, start     what the attack is given; start = clip(image + ε·U(−1, 1), 0, 1)
    labels           int64 N×H×W
    iterates         10×N×3×H×W, the point after each step; the last one is the result
    loss             float64 11×N, L of the start and of each iterate
    correct          int64 11×N, right pixels of the same points

and in meta.json `radius`, `stepSize`, `steps`; the golden folder also holds `model.onnx`. Where a gradient is close to
zero its sign depends on the rounding of the convolution, so compare the share of pixels that agree, not all.
"""

import argparse
from pathlib import Path

import torch

import tensor_folder
import tiny_net
from ball import NORMS
from images import load_image, load_labels
from onnx_torch import load
from pixel_losses import Pixels, ce, image_mean
from segmenter import Segmenter, open_segmenter

GOLDEN = Path(__file__).parent.parent / "test" / "golden" / "pgd"
RADIUS, STEP_SIZE, STEPS = 4 / 255, 2 / 255, 10


def trajectory(model: Segmenter, image: torch.Tensor, labels: torch.Tensor, start: torch.Tensor) -> dict:
    """The iterates from `start` with loss and right pixels of every point."""
    points, losses, correct = [start], [], []
    for step in range(STEPS + 1):
        point = points[-1].clone().requires_grad_()
        pixels = Pixels(model(point), labels)
        loss = image_mean(ce, pixels)
        losses.append(loss.detach().double())
        correct.append(pixels.correct.sum((1, 2)).long())
        if step < STEPS:
            (gradient,) = torch.autograd.grad(loss.sum(), point)
            moved = points[-1] + STEP_SIZE * NORMS["linf"].direction(gradient)
            points.append(NORMS["linf"].project(image, moved, RADIUS))
    return {"iterates": torch.stack(points[1:]), "loss": torch.stack(losses), "correct": torch.stack(correct)}


def random_start(image: torch.Tensor, seed: int) -> torch.Tensor:
    noise = torch.rand(image.shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return (image + RADIUS * noise).clamp(0, 1)


def main() -> None:
    arguments = _parse()
    out = Path(arguments.out)
    if arguments.model:
        model = open_segmenter(load(arguments.model))
        height, width = model.dims()[2:]
        image = load_image(arguments.image, height, width)
        labels = load_labels(arguments.labels, height, width, arguments.void)
    else:
        torch.set_num_threads(1)  # The maps are tiny, and one thread always adds up in the same order.
        out.mkdir(parents=True, exist_ok=True)
        tiny_net.write_model(out / "model.onnx")
        model = open_segmenter(load(out / "model.onnx"))
        image, labels = tiny_net.images(), tiny_net.labels(out / "model.onnx")
    start = random_start(image, seed=3)
    found = trajectory(model, image, labels, start)
    name = Path(arguments.model).name if arguments.model else "model.onnx"
    meta = {
        "command": "python tools/pgd_trajectory.py",
        "model": name,
        "radius": RADIUS,
        "stepSize": STEP_SIZE,
        "steps": STEPS,
    }
    tensor_folder.write(out, meta, {"image": image, "labels": labels, "start": start, **found})
    counted = (labels != -1).sum((1, 2))
    accuracy = found["correct"] / counted
    print(f"{out}: loss {found['loss'][0].tolist()} -> {found['loss'][-1].tolist()}")
    print(f"accuracy {accuracy[0].tolist()} -> {accuracy[-1].tolist()}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="an NCHW model; default: the tiny network")
    parser.add_argument("--image", help="with --model: a picture")
    parser.add_argument("--labels", help="with --model: index PNG")
    parser.add_argument("--void", type=int, help="value in --labels that means: ignored")
    parser.add_argument("--out", default=GOLDEN)
    arguments = parser.parse_args()
    if arguments.model and not (arguments.image and arguments.labels):
        parser.error("--model needs --image and --labels")
    if arguments.model and Path(arguments.out) == GOLDEN:
        parser.error("--model needs --out: the golden folder is the tiny network's")
    return arguments


if __name__ == "__main__":
    main()
