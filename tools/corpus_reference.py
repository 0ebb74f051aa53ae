"""Random weights for a network of `corpus.py`, and the gradients that its exports are compared with."""

import copy
import math

import torch
import torch.nn.functional as F
from torch import nn

from corpus_networks import CLASSES, Network
from objective import relative_error

# Images that are tried for one at which no kink lies within float32 rounding.
MOST_IMAGES = 6
CLOSE = 2e-5


def draw_weights(network: nn.Module, size: int, seed: int) -> nn.Module:
    """Draws every weight so that signals keep their size, and brings the logits to a deviation of about 1."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    with torch.no_grad():
        for module in network.modules():
            for name, weight in module.named_parameters(recurse=False):
                weight.copy_(drawn(module, name, weight, generator))
    normalize_batches(network, size, generator)
    return network.eval()


def drawn(module: nn.Module, name: str, weight: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    noise = torch.randn(weight.shape, generator=generator)
    if weight.ndim == 1:
        return 0.1 * noise + (0.0 if "bias" in name else 1.0)
    if isinstance(module, nn.Conv2d | nn.Linear) or "weight" in name and not isinstance(module, nn.Embedding):
        gain = math.sqrt(2) if isinstance(module, nn.Conv2d) else 1.0
        return noise * gain / math.sqrt(max(1, weight[0].numel()))
    return 0.5 * noise


def normalize_batches(network: nn.Module, size: int, generator: torch.Generator) -> None:
    """
    Sets the variance of every batch normalization to the mean square of its input on random images (at least that of
    all channels), and its mean to a small part of it. With the true mean and variance, signals lose what they have in
    common, layer by layer, and a deep random network becomes chaotic: rounding its weights changes its gradient.
    """

    def measure(norm, inputs):
        x = inputs[0]
        square = (x * x).mean([axis for axis in range(x.ndim) if axis != 1])
        norm.running_var.copy_(square.clamp(min=float(square.mean())))
        norm.running_mean.copy_(0.1 * square.sqrt() * torch.randn(square.shape, generator=generator))

    norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    hooks = [norm.register_forward_pre_hook(measure) for norm in norms]
    network.eval()
    if norms:
        with torch.no_grad():
            network(torch.rand(2, 3, size, size, generator=generator))
    for hook in hooks:
        hook.remove()


def scale_logits(row: Network, network: nn.Module, image: torch.Tensor) -> None:
    """Scales the layers that make the classes, so that no softmax is saturated."""
    with torch.no_grad():
        deviation = float(row.logits(network(image), image.shape[2:]).std())
        factor = 1 / max(deviation, 1e-12)
        for module in network.modules():
            weight = getattr(module, "weight", None)
            makes_classes = isinstance(module, nn.Conv2d | nn.Linear) and weight.shape[0] in (1, CLASSES)
            if makes_classes and not 0.25 < deviation < 4:
                weight.mul_(factor)
                if module.bias is not None:
                    module.bias.mul_(factor)


def random_case(seed: int, size: int, classes: int = CLASSES) -> tuple[torch.Tensor, torch.Tensor]:
    """A random image 1×3×H×W in [0, 1], and random labels 1×H×W."""
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(1, 3, size, size, generator=generator)
    return image, torch.randint(0, classes, (1, size, size), generator=generator)


def gradient(row: Network, network: nn.Module, image: torch.Tensor, labels: torch.Tensor):
    """Logits at the image's size and the gradient of their mean cross-entropy, in the image's type."""
    image = image.detach().clone().requires_grad_()
    logits = row.logits(network(image), image.shape[2:])
    (grad,) = torch.autograd.grad(F.cross_entropy(logits, labels), image)
    return logits.detach(), grad


def reference(row: Network, network: nn.Module) -> dict[str, torch.Tensor]:
    """
    Image, labels, logits and gradients in float64 (`grad`) and float32 (`grad32`). A gradient jumps at kinks (Relu,
    MaxPool), and rounding puts some activations on the other side: of several images, the one where float32 differs
    least is taken.
    """
    precise, best = copy.deepcopy(network).double(), None
    for seed in range(MOST_IMAGES):
        image, labels = random_case(seed, row.size)
        with torch.no_grad():
            classes = row.logits(network(image), image.shape[2:]).shape[1]
        labels %= classes
        _, single = gradient(row, network, image, labels)
        logits, double = gradient(row, precise, image.double(), labels)
        error = relative_error(single, double)
        if best is None or error < best[0]:
            best = error, dict(image=image, labels=labels, logits=logits, grad=double, grad32=single)
        if error < CLOSE:
            break
    return best[1]
