"""A worker that times single attack steps in PyTorch eager mode, for measurements in turn with another program.

    python tools/bench_torch.py MODEL.onnx [--size 1x3x360x480] [--threads 2] [--channels-last]
                                [--device cuda] [--compile]
    python tools/bench_torch.py --upernet [--size 2x3x128x128]

It prints a line `ready {…}` with its settings, then for every line `step` that it reads the seconds one step took:
forward, cross-entropy, gradient with respect to the image, sign step, projection; always from the same point with the
same labels. `quit` prints a line `peak {bytes}`, the most memory that was resident, and ends it; `resident` in the
settings is the same figure before the first step, with the interpreter, its libraries and one pass without gradient.

So that PyTorch is at its best in eager mode: the model is a list of PyTorch calls on parameters that need no gradient,
everything that depends on shapes alone is computed beforehand, values are dropped after their last use, and bilinear
resizing, normalisation and activations are PyTorch's own kernels. --channels-last stores images and weights in that
order; which of the two orders is faster depends on the model, so measure both. --upernet runs the network of
upernet_small.py as the PyTorch module that it was exported from, with its fused GELU and adaptive pooling.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F

import upernet_small
from ball import NORMS
from images import random_image, shifted_labels
from onnx_torch import load
from segmenter import open_segmenter
from worker import (
    add_device_flags,
    compiled,
    device_facts,
    dims_of,
    in_channels_last,
    peak_memory,
    serve,
    use_device,
)

RADIUS, STEP_SIZE = 4 / 255, 2 / 255

Network = Callable[[torch.Tensor], torch.Tensor]


def from_onnx(path: str, size: list[int] | None, channels_last: bool) -> tuple[Network, torch.Tensor]:
    """The model as a function from an image to its logits, and an image."""
    segmenter = open_segmenter(load(path))
    n, c, h, w = size or segmenter.dims()
    image = random_image([n, c, h, w], seed=0)
    native = image.permute(0, 2, 3, 1).contiguous() if segmenter.nhwc else image
    segmenter.program = segmenter.program.specialised({segmenter.image: native})
    if channels_last:
        constants = segmenter.program.constants
        constants.update({name: in_channels_last(value) for name, value in constants.items()})
    return segmenter, in_channels_last(native) if channels_last and not segmenter.nhwc else native


def from_upernet(size: list[int] | None, channels_last: bool) -> tuple[Network, torch.Tensor]:
    """The small UPerNet as a PyTorch module, and an image."""
    model, image = upernet_small.build(classes=21), random_image(size or [2, 3, 128, 128], seed=0)
    if channels_last:
        return model.to(memory_format=torch.channels_last), in_channels_last(image)
    return model, image


def attack_step(network: Network, image: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """One sign step of PGD on cross-entropy from the image itself."""
    point = image.detach().requires_grad_()
    loss = F.cross_entropy(network(point), labels, ignore_index=-1)
    (gradient,) = torch.autograd.grad(loss, point)
    norm = NORMS["linf"]
    with torch.no_grad():
        return norm.project(image, image + STEP_SIZE * norm.direction(gradient), RADIUS)


def open_network(arguments: argparse.Namespace, device: torch.device) -> tuple[Network, torch.Tensor]:
    """The network that the flags name, and an image, both on the device."""
    size = dims_of(arguments.size) if arguments.size else None
    if arguments.upernet:
        network, image = from_upernet(size, arguments.channels_last)
        return network.to(device), image.to(device)
    network, image = from_onnx(arguments.model, size, arguments.channels_last)
    network.program.constants = {name: x.to(device) for name, x in network.program.constants.items()}
    return network, image.to(device)


def open_task(arguments: argparse.Namespace) -> tuple[Network, torch.Tensor, torch.Tensor]:
    """The network as the flags want it run, an image, and its logits there; all on the device of the flags."""
    network, image = open_network(arguments, use_device(arguments))
    network = compiled(network, arguments)
    with torch.no_grad():
        return network, image, network(image)


def main() -> None:
    arguments = parser(__doc__).parse_args()
    network, image, logits = open_task(arguments)
    labels = shifted_labels(logits)
    settings = {
        "model": Path(arguments.model).name if arguments.model else "upernet_small",
        **device_facts(arguments),
        "channelsLast": arguments.channels_last,
        "image": list(image.shape),
        "logits": list(logits.shape),
        "resident": peak_memory(),
    }
    del logits
    serve(lambda: attack_step(network, image, labels), settings)


def parser(description: str) -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    network = flags.add_mutually_exclusive_group(required=True)
    network.add_argument("model", nargs="?", help="an ONNX file")
    network.add_argument("--upernet", action="store_true", help="the network of upernet_small.py instead of a file")
    flags.add_argument("--size", help="N x C x H x W of the image; default: the model's own, 1 where open")
    add_device_flags(flags)
    flags.add_argument("--channels-last", action="store_true")
    return flags


if __name__ == "__main__":
    main()
