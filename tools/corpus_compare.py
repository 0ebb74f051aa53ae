"""Compares the gradients that the product gives for a case of `corpus.py` with the reference."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch

import tensor_folder
from objective import relative_error
from onnx_torch import Program, load

# Up to this error a gradient is called right.
TOLERANCE = 1e-4
# Other images that are tried where an activation of this one lies on the other side of a kink in float32.
MOST_IMAGES = 20


def compare(place: Path, opened: dict) -> dict:
    """Errors of the gradient, and of PyTorch's own float32 gradient; `exact` where the first exceeds the tolerance;
    for a quantised model, `estimate` alone: the distance of its gradient from that of the float network."""
    _, arrays = tensor_folder.read(place / "reference")
    given = {name: torch.from_numpy(array) for name, array in arrays.items()}
    exact = given["grad"]
    attack = torch.from_numpy(np.fromfile(place / "attack.bin", np.float32)).reshape(exact.shape)
    if opened["check"]["verdict"] == "estimate":
        (place / "grad.onnx").unlink()
        return {**opened, "estimate": relative_error(attack, exact), "float32": relative_error(given["grad32"], exact)}
    written = run(place / "grad.onnx", given)
    grad = to_nchw(written["grad"], exact)
    result = {
        **opened,
        "errors": {"grad": relative_error(grad, exact), "attack": relative_error(attack, exact)},
        "float32": relative_error(given["grad32"], exact),
        "logits": relative_error(written["logits"], given["logits"]),
        "norm": float(exact.norm()),
    }
    if result["float32"] > TOLERANCE:
        single = given["grad32"]
        result["against32"] = max(relative_error(one, single) for one in (grad, attack))
    if max(result["errors"].values()) > TOLERANCE:
        program = load(str(place / "grad.onnx"), torch.float64)
        result["exact"] = relative_error(to_nchw(in_float64(program, given)["grad"], exact), exact)
        result["elsewhere"] = elsewhere(place / "grad.onnx", program, given)
    (place / "grad.onnx").unlink()
    return result


def to_nchw(grad: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return grad if grad.shape == like.shape else grad.permute(0, 3, 1, 2)


def feeds(names: list[str], given: dict[str, torch.Tensor], nhwc: bool) -> dict[str, torch.Tensor]:
    """The image, under whatever name the model has for it, and the labels."""
    image = given["image"].permute(0, 2, 3, 1).contiguous() if nhwc else given["image"]
    return {name: given["labels"] if name == "labels" else image for name in names}


def run(path: Path, given: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    nhwc = any(one.shape[-1] == 3 for one in session.get_inputs() if len(one.shape) == 4)
    results = session.run(None, {k: v.numpy() for k, v in feeds(names, given, nhwc).items()})
    return {one.name: torch.from_numpy(x) for one, x in zip(session.get_outputs(), results)}


def in_float64(program: Program, given: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The outputs of the written graph, computed in float64 by onnx_torch.py."""
    nhwc = any(shape[-1] == 3 for _, shape in program.inputs.values() if len(shape) == 4)
    with torch.no_grad():
        return program.run(feeds(list(program.inputs), {**given, "image": given["image"].double()}, nhwc))


def elsewhere(path: Path, program: Program, given: dict[str, torch.Tensor]) -> float:
    """The smallest error of the written graph against itself in float64, over some other images."""
    errors = []
    for seed in range(100, 100 + MOST_IMAGES):
        generator = torch.Generator().manual_seed(seed)
        other = {**given, "image": torch.rand(given["image"].shape, generator=generator)}
        errors.append(relative_error(run(path, other)["grad"], in_float64(program, other)["grad"]))
        if errors[-1] <= TOLERANCE:
            break
    return min(errors)
