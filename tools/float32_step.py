"""What float32 changes in an attack's first step: kinks of the network, and gradients so small that rounding decides.

    seawall grad --model MODEL.onnx --loss none --out NONE.onnx
    python tools/float32_step.py MODEL.onnx NONE.onnx IMAGES LABELS --void 11 [--eps 1] [--limit N]

Every image gets a random start in the ball of 2ε, as APGD with a reduced radius has it. There, for every loss, the
gradient of NONE.onnx in float32 by ONNX Runtime (`file`) and autograd's in float32 (`torch`) are compared with autograd
in float64 (onnx_torch.py), as relative ℓ2 error, by their signs, and by the right pixels after the step
P(start + 4ε·sign(g)), which are always counted in float64. The gradient of the loss at the logits is autograd's.

A unit of Relu, PRelu or LeakyRelu is on the other side where its input has another sign in the file than in float64.
`held` is the error against float64 autograd in which these units, and nothing else, are held on the file's side: if it
is small, they explain the difference.

    table 1    starts with such a unit, for --loss; the size of the largest input in float64, over its layer's median
    table 2    all starts, by loss: what is left once the units are held. The size of the largest gradient whose sign
               differs, over the median of the image

The exit status is 1 if `held` is above --tolerance somewhere.
"""

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import onnx
import torch
from PIL import Image

from ball import NORMS
from images import load_image, load_labels
from objective import relative_error
from onnx_torch import load
from pixel_losses import LOSSES, Pixels, image_mean
from segmenter import Segmenter, open_segmenter

KINKED = ("Relu", "PRelu", "LeakyRelu")
NAMES = ("ce", "mask-ce", "js", "mask-spherical", "class-balanced-ce")
Tensors = dict[str, torch.Tensor]


class File:
    """A gradient graph in ONNX Runtime, which also returns what its units read."""

    def __init__(self, path: str, units: list[str]):
        import onnxruntime

        model = onnx.load(path)
        missing = set(units) - {name for node in model.graph.node for name in node.output}
        if missing:
            raise SystemExit(f"{path}: has no value named {min(missing)}; it was made from another file")
        model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in units)
        options = onnxruntime.SessionOptions()
        options.log_severity_level, options.intra_op_num_threads = 3, 1
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        self.image, self.output_grad = (i.name for i in self.session.get_inputs())
        self.logits = self.session.get_outputs()[0].name
        self.units = units

    def run(self, image: torch.Tensor, output_grad: torch.Tensor | None, names: list[str]) -> Tensors:
        shape = self.session.get_inputs()[1].shape
        grad = np.zeros(shape, np.float32) if output_grad is None else output_grad.numpy()
        results = self.session.run(names, {self.image: image.numpy(), self.output_grad: grad})
        return dict(zip(names, map(torch.from_numpy, results)))


@dataclasses.dataclass
class Start:
    """A start point of one image, in float32."""

    name: str
    image: torch.Tensor
    labels: torch.Tensor
    point: torch.Tensor


@dataclasses.dataclass
class Difference:
    """Of one loss at one start. `held_signs`: for every sign that differs, the size of the gradient over the median."""

    loss: str
    file: float
    torch: float
    held: float
    pixels: int  # right pixels after the step, file less float64
    held_signs: list[float]
    held_pixels: int


@dataclasses.dataclass
class Found:
    """A start, its units on the other side (size over the median size in the layer), and all losses."""

    start: Start
    units: list[float]
    differences: list[Difference]


class Study:
    def __init__(self, model: str, grad: str, weights: torch.Tensor | None, radius: float):
        program = load(model, torch.float64)
        self.exact, self.single = open_segmenter(program), open_segmenter(load(model))
        self.units = [step.reads[0] for step in self.exact.program.steps if step.operator in KINKED]
        self.file = File(grad, self.units)
        self.weights, self.radius = weights, radius
        self.losses = [name for name in NAMES if weights is not None or name != "class-balanced-ce"]

    def look(self, start: Start) -> Found:
        exact = self.gradients(self.exact, start)
        single = self.gradients(self.single, start)
        file, units = self.gradients_of_file(start)
        sides, sizes = self.other_sides(start, units)
        held = self.gradients(on_sides(self.exact, sides), start) if sides else exact
        differences = [
            self.compare(loss, start, exact[loss], single[loss], file[loss], held[loss]) for loss in self.losses
        ]
        return Found(start, sizes, differences)

    def gradients(self, model: Segmenter, start: Start) -> Tensors:
        point = start.point.to(self.dtype(model), copy=True).requires_grad_()
        pixels = self.pixels(model(point), start)
        objectives = {loss: image_mean(LOSSES[loss], pixels).sum() for loss in self.losses}
        return {n: torch.autograd.grad(o, point, retain_graph=True)[0] for n, o in objectives.items()}

    def gradients_of_file(self, start: Start) -> tuple[Tensors, Tensors]:
        """The gradient for every loss, and what the units read."""
        values = self.file.run(start.point, None, [self.file.logits, *self.units])
        logits = values.pop(self.file.logits).requires_grad_()
        pixels, gradients = self.pixels(logits, start), {}
        for loss in self.losses:
            (at_logits,) = torch.autograd.grad(image_mean(LOSSES[loss], pixels).sum(), logits, retain_graph=True)
            gradients[loss] = self.file.run(start.point, at_logits, ["grad"])["grad"]
        return gradients, values

    def other_sides(self, start: Start, single: Tensors) -> tuple[Tensors, list[float]]:
        """By layer which inputs are positive in float32, for layers where a side differs; sizes of the inputs there."""
        program = self.exact.program.fetching(self.units)
        with torch.no_grad():
            exact = program.run({self.exact.image: start.point.double()})
        sides, sizes = {}, []
        for name in self.units:
            differs = (exact[name] > 0) != (single[name] > 0)
            if differs.any():
                sides[name] = single[name] > 0
                sizes += (exact[name][differs].abs() / exact[name].abs().median()).tolist()
        return sides, sizes

    def compare(self, loss: str, start: Start, exact, single, file, held) -> Difference:
        file, differs = file.double(), file.double().sign() != held.sign()
        after = [self.right_after(start, gradient) for gradient in (file, exact, held)]
        return Difference(
            loss,
            relative_error(file, exact),
            relative_error(single, exact),
            relative_error(file, held),
            after[0] - after[1],
            (held[differs].abs() / held.abs().median()).tolist(),
            after[0] - after[2],
        )

    def right_after(self, start: Start, gradient: torch.Tensor) -> int:
        """Right pixels after APGD's first step, counted in float64."""
        norm, image = NORMS["linf"], start.image.double()
        moved = start.point.double() + 2 * self.radius * norm.direction(gradient)
        with torch.no_grad():
            classes = self.exact(norm.project(image, moved, self.radius)).argmax(1)
        return int((classes == start.labels).sum())

    def pixels(self, logits: torch.Tensor, start: Start) -> Pixels:
        return Pixels(logits, start.labels, self.weights)

    def dtype(self, model: Segmenter) -> torch.dtype:
        return model.program.inputs[model.image][0]


def on_sides(model: Segmenter, sides: Tensors) -> Segmenter:
    """The same model with the units of some layers held on given sides."""
    steps = [dataclasses.replace(step) for step in model.program.steps]
    for step in steps:
        if step.operator in KINKED and step.reads[0] in sides:
            step.function = _held(step.operator, step.function, sides[step.reads[0]])
    return dataclasses.replace(model, program=dataclasses.replace(model.program, steps=steps))


def _held(operator: str, function, positive: torch.Tensor):
    def held(x, slope=None):
        # The slope on the negative side: a constant, or what the function makes of −1.
        below = slope if operator == "PRelu" else -function(-torch.ones_like(x))
        return torch.where(positive, x, x * below)

    return held


def class_weights(labels: str, classes: int) -> torch.Tensor:
    """ω of docs/losses.md, counted over index PNGs."""
    count = sum(np.bincount(np.asarray(Image.open(p)).ravel(), minlength=256) for p in Path(labels).glob("*.png"))
    inverse = 1 / torch.from_numpy(count[:classes]).double()
    return inverse / inverse.sum()


def starts(arguments: argparse.Namespace, height: int, width: int, radius: float) -> list[Start]:
    files = sorted(p for p in Path(arguments.images).iterdir() if p.suffix.lower() in (".png", ".jpg", ".jpeg"))
    found = []
    for i, path in enumerate(files[:: arguments.every][: arguments.limit]):
        image = load_image(path, height, width)
        labels = load_labels(Path(arguments.labels) / f"{path.stem}.png", height, width, arguments.void)
        for seed in range(arguments.starts):
            generator = torch.Generator().manual_seed(1000 * i + seed)
            noise = torch.rand(image.shape, generator=generator) * 2 - 1
            found.append(Start(f"{path.stem}#{seed}", image, labels, (image + radius * noise).clamp(0, 1)))
    return found


def print_kinks(found: list[Found], loss: str) -> None:
    print(f"\nunits on the other side, {loss}")
    print(f"{'start':20}{'units':>7}{'largest input':>15}{'file':>10}{'torch':>10}{'held':>10}{'pixels':>8}")
    for f in found:
        (d,) = (d for d in f.differences if d.loss == loss)
        print(
            f"{f.start.name:20}{len(f.units):7}{max(f.units):15.1e}{d.file:10.1e}{d.torch:10.1e}{d.held:10.1e}{d.pixels:+8}"
        )


def print_signs(found: list[Found], losses: list[str]) -> None:
    print("\nleft once the units are held")
    print(f"{'loss':20}{'error, worst':>14}{'signs':>7}{'largest gradient':>18}{'pixels, most':>14}")
    for name in losses:
        rows = [d for f in found for d in f.differences if d.loss == name]
        signs = [s for d in rows for s in d.held_signs]
        print(
            f"{name:20}{max(d.held for d in rows):14.1e}{len(signs):7}{max(signs, default=0):18.1e}"
            f"{max(abs(d.held_pixels) for d in rows):14}"
        )


def main() -> None:
    arguments = _parse()
    torch.set_num_threads(1)
    radius = 2 * arguments.eps / 255
    classes = arguments.classes
    weights = class_weights(arguments.weights_from, classes) if arguments.weights_from else None
    study = Study(arguments.model, arguments.grad, weights, radius)
    height, width = study.file.session.get_inputs()[0].shape[2:]
    given = starts(arguments, height, width, radius)
    found = [study.look(start) for start in given]
    kinked = [f for f in found if f.units]
    size = f"{height}×{width}, {given[0].image.numel():,} colour values each"
    print(f"{len(found)} starts of {size}; {len(kinked)} have units on the other side")
    print_kinks(kinked, arguments.loss)
    print_signs(found, study.losses)
    unexplained = [(f.start.name, d.loss) for f in found for d in f.differences if d.held > arguments.tolerance]
    for name, loss in unexplained:
        print(f"not explained: {name}, {loss}")
    raise SystemExit(int(bool(unexplained)))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("grad", help="written by `seawall grad --loss none` from the model")
    parser.add_argument("images", help="folder of pictures, which are resized to the model's size")
    parser.add_argument("labels", help="folder of index PNGs of the same names")
    parser.add_argument("--void", type=int, help="value in the labels that means: ignored")
    parser.add_argument("--weights-from", help="folder of labels to count class weights in, for class-balanced-ce")
    parser.add_argument("--classes", type=int, default=11, help="classes, with --weights-from")
    parser.add_argument("--eps", type=float, default=1, help="ε in grey levels of 255; starts lie within 2ε")
    parser.add_argument("--every", type=int, default=1, help="take every Nth image")
    parser.add_argument("--limit", type=int, help="number of images")
    parser.add_argument("--starts", type=int, default=1, help="starts of each image")
    parser.add_argument("--loss", choices=NAMES, default="mask-ce", help="the loss of the second table")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    return parser.parse_args()


if __name__ == "__main__":
    main()
