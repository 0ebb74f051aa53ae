"""The cases of `corpus.py` that PyTorch exports."""

import functools
import logging
from pathlib import Path

import onnxruntime
import torch
from torch import nn

import tensor_folder
from corpus_case import Case, facts
from corpus_exporters import apply_passes, export, title
from corpus_networks import NETWORKS, Network
from corpus_compare import TOLERANCE
from corpus_reference import draw_weights, random_case, reference, scale_logits
from objective import relative_error
from onnx_torch import load

logging.disable(logging.WARNING)


def cases() -> list[Case]:
    return [case(row, route) for row in NETWORKS for route in row.routes]


def case(row: Network, route: str) -> Case:
    known = facts(row.architecture, row.library, title(route), row.size, row.note, row.output)
    return Case(f"{row.name}.{route}", known, functools.partial(make, row, route))


def make(row: Network, route: str, folder: Path) -> dict:
    network = built(row.name)
    image, _ = random_case(0, row.size)
    exported = folder / "exported.onnx"
    export(with_ending(row, network), image, row.outputs, route.split("+")[0], exported)
    apply_passes(exported, route, folder / "model.onnx")
    exported.unlink()
    expected = referenced(row.name)
    if "int8" in route:
        reason = None  # The distance from the float network is what is printed.
    elif "float16" in route:
        reason = "the weights are rounded"
    else:
        difference = export_error(row, network, expected["image"], folder / "model.onnx")
        precision = relative_error(expected["grad32"], expected["grad"])
        reason = f"the exporter changed the outputs by {difference:.1g}" if difference > 1e-3 else None
        if precision > 1e-2:
            reason = "the network computes otherwise in float64"
        if reason is None and moved_kink(row, folder / "model.onnx", expected):
            reason = "the exporter's rounding of folded weights puts an activation on the other side of a kink"
    if reason:
        expected = of_file(row, folder / "model.onnx", expected)
    tensor_folder.write(folder / "reference", {}, expected)
    return {"through_file": reason}


def moved_kink(row: Network, path: Path, expected: dict[str, torch.Tensor]) -> bool:
    """Whether autograd in float64 through the file differs from that through the network."""
    if row.ending is not None:
        return False
    try:
        return relative_error(of_file(row, path, expected)["grad"], expected["grad"]) > TOLERANCE
    except NotImplementedError as lack:
        print(f"{path}: not run in float64, {lack}")
        return False


def export_error(row: Network, network: nn.Module, image: torch.Tensor, path: Path) -> float:
    """The relative error of the file's first output against the network's; 0 where ONNX Runtime does not run it."""
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as refusal:  # ONNX Runtime has a class of its own for each reason.
        print(f"{path}: not run, {str(refusal)[:200]}")
        return 0.0
    result = session.run([row.output or row.outputs[0]], {"image": image.numpy()})[0]
    with torch.no_grad():
        outputs = with_ending(row, network)(image)
    return relative_error(torch.from_numpy(result), outputs if isinstance(outputs, torch.Tensor) else outputs[0])


@functools.lru_cache(maxsize=1)
def built(name: str) -> nn.Module:
    row = next(row for row in NETWORKS if row.name == name)
    network = draw_weights(row.build(), row.size, seed=1)
    scale_logits(row, network, random_case(0, row.size)[0])
    return network


@functools.lru_cache(maxsize=1)
def referenced(name: str) -> dict[str, torch.Tensor]:
    row = next(row for row in NETWORKS if row.name == name)
    return reference(row, built(name))


def with_ending(row: Network, network: nn.Module) -> nn.Module:
    if row.ending is None:
        return network

    class Ended(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, image):
            return row.ending(self.network(image))

    return Ended().eval()


def of_file(row: Network, path: Path, like: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The reference by autograd through the file itself (onnx_torch.py)."""
    found = dict(like)
    for name, dtype in (("grad", torch.float64), ("grad32", torch.float32)):
        program = load(str(path), dtype).fetching(list(row.outputs))
        image = like["image"].to(dtype).clone().requires_grad_()
        results = program.run({"image": image})
        outputs = tuple(results[output] for output in row.outputs)
        logits = row.logits(outputs if len(outputs) > 1 else outputs[0], image.shape[2:])
        loss = nn.functional.cross_entropy(logits, like["labels"])
        (found[name],) = torch.autograd.grad(loss, image)
        if dtype == torch.float64:
            found["logits"] = logits.detach()
    return found
