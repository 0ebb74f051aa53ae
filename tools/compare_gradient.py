"""Compares a gradient graph written by `seawall grad` with PyTorch autograd.

    python tools/compare_gradient.py MODEL.onnx GRAD.onnx [--image photo.png] [--labels truth.png --void 11]
    python tools/compare_gradient.py --all MODELS --grad-dir GRADS

GRAD.onnx is run by ONNX Runtime in float32 and set beside autograd in float64 (onnx_torch.py), as relative l2 errors:

    grad     the gradient (the worst one, where GRAD has several `grad/NAME`)
    float32  the same for PyTorch's own float32 gradient: what the precision costs on this input
    exact    GRAD itself, run in float64 by onnx_torch: whether the graph says the right thing
    logits, loss   the other outputs of GRAD; `-` where it has none

A network with kinks (Relu, PRelu, Clip, MaxPool) has a gradient that jumps, and float32 rounding puts some of its
millions of activations on the other side; then `grad` and `float32` are both large while `exact` is not. So a row is
`ok` when `grad` is within --tolerance, `ok: kinks` when `exact` is and `grad` is at most ten times `float32`, and else
`WRONG`. The exit status is 1 if any row is wrong.

With --all, the gradient graphs of MODELS/NAME.onnx are GRADS/NAME.onnx and GRADS/NAME.*.onnx.
"""

import argparse
import dataclasses
from pathlib import Path

import onnx
import torch

from gradient_sides import blank_labels, closed, closest_logits, feeds_for, reference, run, run_in_float64
from images import load_labels, shifted_labels
from objective import relative_error
from onnx_torch import load, signature
from segmenter import image_input

COLUMNS = ("grad", "float32", "exact", "logits", "loss")


@dataclasses.dataclass
class Row:
    """Relative errors of one gradient graph; None where there is nothing to compare."""

    grad: float
    float32: float
    exact: float | None
    logits: float | None
    loss: float | None

    def verdict(self, tolerance: float) -> str:
        if self.grad <= tolerance:
            return "ok"
        kinks = self.exact is not None and self.exact <= tolerance and self.grad <= 10 * self.float32
        return "ok: kinks" if kinks else "WRONG"


def compare(model: str, grad: str, arguments: argparse.Namespace) -> Row:
    """Runs both on the same image and labels (or output gradient) and measures the distances."""
    wanted, outputs = signature(onnx.load(grad))
    program = load(model, torch.float64)
    feeds = feeds_for(program, wanted, arguments.image, arguments.seed)
    if "labels" in wanted:
        logits = run(grad, feeds | {"labels": blank_labels(program, feeds)})["logits"]
        value = arguments.logits_name or closest_logits(program, feeds, logits)
        feeds["labels"] = _labels(logits, arguments)
    else:
        value = arguments.output or next((n for n in outputs if n in program.outputs), program.outputs[0])
        generator = torch.Generator().manual_seed(arguments.seed)
        feeds["output_grad"] = torch.randn(closed(wanted["output_grad"][1]), generator=generator)
    leaves = {n: n.removeprefix("grad/") for n in outputs if n.startswith("grad/")}
    if "grad" in outputs:
        leaves["grad"] = arguments.wrt or image_input(program)
    exact = reference(program, feeds, leaves, value, arguments.ignore_label)
    float32 = reference(load(model), feeds, leaves, value, arguments.ignore_label)
    return _distances(run(grad, feeds), exact, float32, run_in_float64(grad, feeds), list(leaves))


def _labels(logits: torch.Tensor, arguments: argparse.Namespace) -> torch.Tensor:
    if arguments.labels:
        labels = load_labels(arguments.labels, *logits.shape[2:], arguments.void)
        labels = labels.expand(logits.shape[0], -1, -1).contiguous()
    else:
        labels = shifted_labels(logits)
    return torch.where(labels == -1, arguments.ignore_label, labels)


def _distances(grad: dict, exact: dict, float32: dict, grad64: dict | None, names: list[str]) -> Row:
    def worst(side: dict) -> float:
        return max(relative_error(side[name], exact[name]) for name in names)

    def other(name: str) -> float | None:
        return relative_error(grad[name], exact[name]) if name in grad and name in exact else None

    return Row(worst(grad), worst(float32), grad64 and worst(grad64), other("logits"), other("loss"))


def pairs(arguments: argparse.Namespace) -> list[tuple[str, str]]:
    """(model, gradient graph) of the command line."""
    if not arguments.all:
        if not arguments.grad:
            raise SystemExit("give MODEL.onnx and GRAD.onnx, or --all MODELS --grad-dir GRADS")
        return [(arguments.model, arguments.grad)]
    found = []
    for model in sorted(Path(arguments.all).glob("*.onnx")):
        grads = [g for p in (f"{model.stem}.onnx", f"{model.stem}.*.onnx") for g in Path(arguments.grad_dir).glob(p)]
        if not grads:
            print(f"{model.name}: no gradient graph in {arguments.grad_dir}")
        found += [(str(model), str(grad)) for grad in sorted(set(grads))]
    if not found:
        raise SystemExit(f"no pair of a model in {arguments.all} and a gradient graph in {arguments.grad_dir}")
    return found


def main() -> None:
    arguments = _parse()
    wrong = 0
    print(f"{'gradient graph':36}" + "".join(f"{c:>10}" for c in COLUMNS))
    for model, grad in pairs(arguments):
        row = compare(model, grad, arguments)
        verdict = row.verdict(arguments.tolerance)
        wrong += verdict == "WRONG"
        values = [getattr(row, column) for column in COLUMNS]
        cells = "".join(f"{'-' if v is None else format(v, '.1e'):>10}" for v in values)
        print(f"{Path(grad).name:36}{cells}  {verdict}")
    raise SystemExit(int(wrong > 0))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?")
    parser.add_argument("grad", nargs="?")
    parser.add_argument("--all", metavar="MODELS", help="a folder of models")
    parser.add_argument("--grad-dir", metavar="GRADS", help="the folder of their gradient graphs")
    parser.add_argument("--image", help="a picture; default: random, by --seed")
    parser.add_argument("--labels", help="index PNG or raw int64; default: the prediction, rolled")
    parser.add_argument("--void", type=int, help="value in --labels that means: ignored")
    parser.add_argument("--ignore-label", type=int, default=-1, help="the value that GRAD ignores")
    parser.add_argument("--output", help="the output that --loss none differentiates; default: found in GRAD")
    parser.add_argument("--wrt", metavar="NAME", help="the input that `grad` belongs to; default: the image")
    parser.add_argument("--logits-name", help="the value of MODEL that GRAD calls logits; default: the closest one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    return parser.parse_args()


if __name__ == "__main__":
    main()
