"""Gradient of a model's loss with respect to its image, by PyTorch autograd, into a folder.

    python tools/reference_gradient.py MODEL.onnx --image photo.png --labels truth.png --void 11 --out FOLDER
    python tools/reference_gradient.py MODEL.onnx --seed 1 --out FOLDER
    python tools/reference_gradient.py MODEL.onnx --seed 1 --output-grad weights.bin --out FOLDER

With --loss ce (default) the objective is the cross-entropy of each image, averaged over the pixels that count
(label −1 counts nowhere), summed over images. Without --labels they are the model's own prediction, rolled.
With --output-grad (raw float32 in the shape of the output) it is the sum of that file times the output; --loss none
alone draws it at random.

The folder (see tensor_folder.py) gets `image` and `grad` in the model's own layout, `labels` and `loss` (N), or
`output_grad`; `logits` (ce) or `output` (none); in float32 what a program computing in float32 is given, in float64
what is compared with: `grad`, `loss`, `logits`, `output`. `grad32` is PyTorch's own float32 gradient, whose distance
from `grad` shows what float32 costs.
"""

import argparse
from pathlib import Path

import torch

import tensor_folder
from images import load_image, load_labels, random_image, shifted_labels
from objective import image_losses, linear_form, relative_error
from onnx_torch import load
from segmenter import open_segmenter

Tensors = dict[str, torch.Tensor]


def native_image(segmenter, path: str | None, seed: int, dims: list[int] | None) -> torch.Tensor:
    """A float32 image in the model's own layout, from a file or at random."""
    n, c, h, w = dims or segmenter.dims()
    image = load_image(path, h, w).expand(n, -1, -1, -1) if path else random_image([n, c, h, w], seed)
    return (image.permute(0, 2, 3, 1) if segmenter.nhwc else image).contiguous()


def gradients(model: str, given: Tensors, output: str | None, logits: str | None, dtype: torch.dtype) -> Tensors:
    """Value and gradient for `labels` (cross-entropy) or `output_grad` (linear form), computed in `dtype`."""
    program = load(model, dtype)
    image = given["image"].detach().to(dtype).requires_grad_()
    if "labels" in given:
        scores = open_segmenter(program, output, logits)(image)
        loss = image_losses(scores, given["labels"])
        values = {"logits": scores, "loss": loss}
        objective = loss.sum()
    else:
        name = output or program.outputs[0]
        result = program.fetching([name]).run({open_segmenter(program).image: image})[name]
        values = {"output": result}
        objective = linear_form(result, given["output_grad"].to(dtype))
    (grad,) = torch.autograd.grad(objective, image)
    return {name: v.detach() for name, v in values.items()} | {"grad": grad}


def main() -> None:
    arguments = _parse()
    program = load(arguments.model)
    segmenter = open_segmenter(program, arguments.output, arguments.logits_name)
    dims = [int(n) for n in arguments.size.split("x")] if arguments.size else None
    given: Tensors = {"image": native_image(segmenter, arguments.image, arguments.seed, dims)}
    if arguments.loss == "none" or arguments.output_grad:
        given["output_grad"] = _output_grad(program, segmenter.image, given["image"], arguments)
    else:
        given["labels"] = _labels(segmenter, given["image"], arguments)
    exact = gradients(arguments.model, given, arguments.output, arguments.logits_name, torch.float64)
    single = gradients(arguments.model, given, arguments.output, arguments.logits_name, torch.float32)
    meta = {
        "command": "tools/reference_gradient.py",
        "model": Path(arguments.model).name,
        "input": segmenter.image,
        "layout": "nhwc" if segmenter.nhwc else "nchw",
        "logits": segmenter.logits,
    }
    tensor_folder.write(arguments.out, meta, given | exact | {"grad32": single["grad"]})
    print(f"float32 against float64: {relative_error(single['grad'], exact['grad']):.1e}; written to {arguments.out}")


def _labels(segmenter, image, arguments) -> torch.Tensor:
    with torch.no_grad():
        logits = segmenter(image)
    if not arguments.labels:
        return shifted_labels(logits)
    return load_labels(arguments.labels, *logits.shape[2:], arguments.void).expand(image.shape[0], -1, -1).contiguous()


def _output_grad(program, image_name, image, arguments) -> torch.Tensor:
    name = arguments.output or program.outputs[0]
    with torch.no_grad():
        shape = program.fetching([name]).run({image_name: image})[name].shape
    if arguments.output_grad:
        return torch.from_numpy(tensor_folder.read_raw(arguments.output_grad, "float32", list(shape)))
    return torch.randn(shape, generator=torch.Generator().manual_seed(arguments.seed))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--image", help="a picture; default: random, by --seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", help="N x C x H x W as 1x3x360x480; default: the model's own, 1 where open")
    parser.add_argument("--loss", choices=["ce", "none"], default="ce")
    parser.add_argument("--labels", help="index PNG or raw int64 N×H×W")
    parser.add_argument("--void", type=int, help="value in --labels that means: ignored")
    parser.add_argument("--output-grad", help="raw float32 in the shape of the output")
    parser.add_argument("--output", help="the output to use; default: the first")
    parser.add_argument("--logits-name", help="a value inside the model to take as logits")
    parser.add_argument("--out", required=True, help="the folder to write")
    return parser.parse_args()


if __name__ == "__main__":
    main()
