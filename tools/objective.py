"""The objectives whose gradients are compared (cross-entropy with ignored pixels, a linear form) and the yardstick."""

import torch
import torch.nn.functional as F


def image_losses(logits: torch.Tensor, labels: torch.Tensor, ignore: int = -1) -> torch.Tensor:
    """Cross-entropy of each image (N), averaged over its pixels that count; 0 where none counts."""
    pixels = F.cross_entropy(logits, labels, ignore_index=ignore, reduction="none")
    counted = (labels != ignore).sum((1, 2))
    return pixels.sum((1, 2)) / counted.clamp(min=1)


def linear_form(output: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """⟨weights, output⟩, whose gradient is the vector-Jacobian product with `weights`."""
    return (output * weights).sum()


def relative_error(a: torch.Tensor, b: torch.Tensor) -> float:
    """‖a − b‖₂ / ‖b‖₂ in float64; the plain distance where b is zero, infinite where the shapes differ."""
    if a.shape != b.shape:
        return float("inf")
    a, b = a.detach().double(), b.detach().double()
    return float((a - b).norm() / (b.norm() or 1.0))
