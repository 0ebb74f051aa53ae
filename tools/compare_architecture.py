"""A built-in architecture at full size beside PyTorch: random weights, the same logits and the same image gradient.

    python tools/compare_architecture.py upernet-convnext-t-cvst --size 473x473 --classes 21
    python tools/compare_architecture.py all

needs the built program (npm run build). A network of networks.py is drawn at random and saved under the names of a
published key map; `seawall convert` makes an ONNX file of it and `seawall grad --loss none` adds the gradient, which
ONNX Runtime computes for Σ logits · w with w normal. Judged are the largest difference of logits in units of their
range (1e-4) and the distance of gradients in units of their length; the reference is PyTorch in float64. A unit that
float32 puts on the other side of a kink (of a ReLU or a max-pooling) changes a gradient by as much as 1e-3, in PyTorch
as here; biases keep most units away from it, and allowed is 1e-3 or twice the distance of PyTorch's own float32.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch

import checkpoints as to
from networks import MixTransformer, PspNet, SegFormer, Segmenter, SwinUperNet, UperNet, randomize

PROGRAM = Path(__file__).parent.parent / "dist" / "cli" / "main.js"

SMALL_STEM = [(48, 2), (96, 2)]
BASE_STEM = [(64, 2), (96, 2), (128, 1)]
LARGE_STEM = [(96, 2), (144, 2), (192, 1)]


def upernet(dims, depths, stem=None):
    network = partial(UperNet, dims, depths, 512, 256, stem=stem)
    if stem:
        return network, lambda s: to.renamed(to.within(s, "net."), to.UPERNET_TO_AUTHORS), (473, 473), 21
    return network, lambda s: to.within(s, "net."), (512, 512), 150


def swin(width, depths, heads, window):
    network = partial(SwinUperNet, width, depths, heads, window, 512, 256)
    return network, lambda s: to.renamed(to.within(s, "net."), to.SWIN_TO_HUB), (512, 512), 150


def segmenter(width, heads):
    network = partial(Segmenter, width, 12, heads, grid=32)
    return network, lambda s: to.renamed(s, to.SEGMENTER_TO_AUTHORS), (512, 512), 151


def pspnet(deep):
    network = partial(PspNet, 64, [3, 4, 6, 3], deep=deep)
    return network, lambda s: to.renamed(s, to.PSPNET_TO_AUTHORS), (473, 473), 21


def segformer(dims, depths, channels):
    network = partial(SegFormer, dims, depths, channels)
    return network, lambda s: to.renamed(to.within(s, "net."), to.SEGFORMER_TO_HUB), (512, 512), 150


TINY = [96, 192, 384, 768]
MIT_SMALL, MIT = [32, 64, 160, 256], [64, 128, 320, 512]
ARCHITECTURES = {
    "upernet-convnext-t-cvst": upernet(TINY, [3, 3, 9, 3], SMALL_STEM),
    "upernet-convnext-s-cvst": upernet(TINY, [3, 3, 27, 3], SMALL_STEM),
    "upernet-convnext-b-cvst": upernet([128, 256, 512, 1024], [3, 3, 27, 3], BASE_STEM),
    "upernet-convnext-l-cvst": upernet([192, 384, 768, 1536], [3, 3, 27, 3], LARGE_STEM),
    "upernet-convnext-t": upernet(TINY, [3, 3, 9, 3]),
    "upernet-convnext-s": upernet(TINY, [3, 3, 27, 3]),
    "upernet-convnext-b": upernet([128, 256, 512, 1024], [3, 3, 27, 3]),
    "upernet-convnext-l": upernet([192, 384, 768, 1536], [3, 3, 27, 3]),
    "upernet-swin-t": swin(96, [2, 2, 6, 2], [3, 6, 12, 24], 7),
    "upernet-swin-s": swin(96, [2, 2, 18, 2], [3, 6, 12, 24], 7),
    "upernet-swin-b": swin(128, [2, 2, 18, 2], [4, 8, 16, 32], 12),
    "upernet-swin-b-window7": swin(128, [2, 2, 18, 2], [4, 8, 16, 32], 7),
    "segmenter-vit-ti": segmenter(192, 3),
    "segmenter-vit-s": segmenter(384, 6),
    "segmenter-vit-b": segmenter(768, 12),
    "pspnet-50": pspnet(deep=False),
    "pspnet-50-deep": pspnet(deep=True),
    "segformer-b0": segformer(MIT_SMALL, [2, 2, 2, 2], 256),
    "segformer-b1": segformer(MIT, [2, 2, 2, 2], 256),
    "segformer-b2": segformer(MIT, [3, 4, 6, 3], 768),
    "segformer-b3": segformer(MIT, [3, 4, 18, 3], 768),
    "segformer-b4": segformer(MIT, [3, 8, 27, 3], 768),
    "segformer-b5": segformer(MIT, [3, 6, 40, 3], 768),
    # mmsegmentation's head, for the first of them.
    "segformer-b0 mmsegmentation": (
        partial(MixTransformer, MIT_SMALL, [2, 2, 2, 2], 256),
        lambda s: s,
        (512, 512),
        150,
    ),
}


def compare(name: str, size=None, classes=None, seed=0) -> bool:
    network, state, usual_size, usual_classes = ARCHITECTURES[name]
    size, classes = size or usual_size, classes or usual_classes
    network = away_from_kinks(randomize(network(classes=classes), seed))
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand((1, 3, *size), generator=generator)
    weights = torch.randn((1, classes, *size), generator=generator)
    with tempfile.TemporaryDirectory() as folder:
        ours = through_seawall(Path(folder), name.split()[0], state(network.state_dict()), image, weights)
    single = logits_and_gradient(network, image, weights)
    exact = logits_and_gradient(network.double(), image, weights)
    errors, torch_errors = ([range_error(a[0], exact[0]), length_error(a[1], exact[1])] for a in (ours, single))
    agreement = (ours[0].argmax(1) == exact[0].argmax(1)).mean()
    passed = errors[0] < 1e-4 and errors[1] < max(1e-3, 2 * torch_errors[1])
    print(
        f"{name} {size[0]}x{size[1]}: logits {errors[0]:.1e} (PyTorch {torch_errors[0]:.1e}), "
        f"gradient {errors[1]:.1e} (PyTorch {torch_errors[1]:.1e}), same class {agreement:.6f}, "
        f"{ours[2]:.1f} s (PyTorch {single[2]:.1f} s): {'same' if passed else 'DIFFERENT'}",
        flush=True,
    )
    return passed


def logits_and_gradient(network, image, weights):
    """In the network's precision, with seconds."""
    dtype = next(network.parameters()).dtype
    network.requires_grad_(False)
    image = image.detach().to(dtype).requires_grad_()
    start = time.perf_counter()
    logits = network(image)
    (grad,) = torch.autograd.grad((logits * weights.to(dtype)).sum(), image)
    return logits.detach().numpy(), grad.numpy(), time.perf_counter() - start


def away_from_kinks(network: torch.nn.Module) -> torch.nn.Module:
    """Biases before ReLUs so large that few units are near 0, where float32 decides which slope a unit has."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.bias.data = 4 * module.bias.data.sign()
    return network


def through_seawall(folder: Path, architecture: str, state: to.State, image, weights):
    """Logits, gradient and seconds of the ONNX file that Seawall makes."""
    checkpoint, model, graph = folder / "weights.pth", folder / "model.onnx", folder / "grad.onnx"
    torch.save({key: tensor.contiguous() for key, tensor in state.items()}, checkpoint)
    size = f"{image.shape[2]}x{image.shape[3]}"
    arguments = ["--weights", checkpoint, "--architecture", architecture, "--size", size, "--batch-size", "1"]
    seawall("convert", *arguments, "--out", model)
    seawall("grad", "--model", model, "--loss", "none", "--no-check", "--out", graph)
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    feeds = {"image": image.numpy(), "output_grad": weights.numpy()}
    start = time.perf_counter()
    logits, grad = session.run(["logits", "grad"], feeds)
    return logits, grad, time.perf_counter() - start


def seawall(*arguments) -> None:
    result = subprocess.run(["node", PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"seawall {' '.join(map(str, arguments))}\n{result.stderr}")


def range_error(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max() / (b.max() - b.min()))


def length_error(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="+", help=f"all, or of {', '.join(ARCHITECTURES)}")
    parser.add_argument("--size", help="HxW; default: of the best known checkpoints")
    parser.add_argument("--classes", type=int)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    names = ARCHITECTURES if arguments.name == ["all"] else arguments.name
    size = tuple(int(n) for n in arguments.size.split("x")) if arguments.size else None
    results = [compare(name, size, arguments.classes, arguments.seed) for name in names]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
