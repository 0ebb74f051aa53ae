"""Both sides of a comparison: inputs that fit a gradient graph, its outputs, and what autograd says instead."""

import torch

from images import load_image, random_image
from objective import image_losses, linear_form, relative_error
from onnx_torch import Inputs, Program, load, run_onnxruntime
from segmenter import candidates, image_input, open_segmenter

Tensors = dict[str, torch.Tensor]


def closed(shape: list[int | str]) -> list[int]:
    """A shape with 1 for every open dimension."""
    return [n if isinstance(n, int) and n > 0 else 1 for n in shape]


def feeds_for(program: Program, wanted: Inputs, picture: str | None, seed: int) -> Tensors:
    """The model's inputs in the shapes that the gradient graph asks for: an image, and noise for any other."""
    generator, feeds = torch.Generator().manual_seed(seed), {}
    for name, (dtype, _) in program.inputs.items():
        shape = closed(wanted[name][1])
        noise = torch.rand(shape, generator=generator)
        feeds[name] = noise if dtype.is_floating_point else noise.to(dtype)
    image, nhwc = image_input(program), open_segmenter(program).nhwc
    n, c, h, w = _nchw(feeds[image].shape, nhwc)
    pixels = load_image(picture, h, w).expand(n, -1, -1, -1) if picture else random_image([n, c, h, w], seed)
    feeds[image] = (pixels.permute(0, 2, 3, 1) if nhwc else pixels).contiguous()
    return feeds


def blank_labels(program: Program, feeds: Tensors) -> torch.Tensor:
    """Labels 0, to see the logits before there are labels to choose."""
    n, _, h, w = _nchw(feeds[image_input(program)].shape, open_segmenter(program).nhwc)
    return torch.zeros(n, h, w, dtype=torch.int64)


def _nchw(shape, nhwc: bool) -> list[int]:
    return [shape[i] for i in ((0, 3, 1, 2) if nhwc else (0, 1, 2, 3))]


def closest_logits(program: Program, feeds: Tensors, logits: torch.Tensor) -> str:
    """Which value of the model the gradient graph calls its logits."""
    errors = {}
    for name in candidates(program):
        with torch.no_grad():
            try:
                errors[name] = relative_error(_scores(program, name, feeds), logits)
            except (RuntimeError, IndexError):  # Class maps and the like, which cannot be logits.
                continue
    return min(errors, key=errors.get)


def _scores(program: Program, name: str, feeds: Tensors) -> torch.Tensor:
    segmenter, given = open_segmenter(program, logits=name), _given(program, feeds)
    return segmenter(given.pop(segmenter.image), given)


def _given(program: Program, feeds: Tensors) -> Tensors:
    """The feeds that are inputs or parameters of the model, in its floating type."""
    dtype = program.inputs[image_input(program)][0]
    known = {n: x for n, x in feeds.items() if n in program.inputs or n in program.constants}
    return {n: x.to(dtype) if x.is_floating_point() else x for n, x in known.items()}


def reference(program: Program, feeds: Tensors, leaves: dict[str, str], value: str, ignore: int) -> Tensors:
    """Autograd's gradients in the floating type of the program, and logits and loss if the feeds have labels.

    `leaves` says which input or parameter each gradient belongs to; `value` names the logits, or the output that
    `output_grad` is multiplied with.
    """
    dtype = program.inputs[image_input(program)][0]
    points = {
        n: (feeds[n] if n in feeds else program.constants[n]).detach().to(dtype).requires_grad_()
        for n in leaves.values()
    }
    given, others = feeds | points, {}
    if "labels" in feeds:
        scores = _scores(program, value, given)
        loss = image_losses(scores, feeds["labels"], ignore)
        objective, others = loss.sum(), {"logits": scores.detach(), "loss": loss.detach()}
    else:
        result = program.fetching([value]).run(_given(program, given))[value]
        objective = linear_form(result, feeds["output_grad"].to(dtype))
    gradients = torch.autograd.grad(objective, list(points.values()), materialize_grads=True)
    by_leaf = dict(zip(points, gradients))
    return {name: by_leaf[leaf] for name, leaf in leaves.items()} | others


def run(grad: str, feeds: Tensors) -> Tensors:
    """The outputs of a model file from ONNX Runtime."""
    results = run_onnxruntime(grad, {name: x.numpy() for name, x in feeds.items()})
    return {name: torch.from_numpy(x) for name, x in results.items()}


def run_in_float64(grad: str, feeds: Tensors) -> Tensors | None:
    """The same outputs computed in float64; None where the file has an operator that onnx_torch lacks."""
    precise = {n: x.double() if x.is_floating_point() else x for n, x in feeds.items()}
    try:
        with torch.no_grad():
            return load(grad, torch.float64).run(precise)
    except NotImplementedError as lack:
        print(f"{grad}: not run in float64, {lack}")
        return None
