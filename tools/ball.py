"""The balls that perturbations live in, and steps within them; always cut to [0, 1]. Radii in image units."""

import dataclasses
from collections.abc import Callable

import torch

Points = torch.Tensor  # N×3×H×W
TINY = 1e-12


@dataclasses.dataclass(frozen=True)
class Norm:
    """`project(x, z, radius)` brings z into the ball around x; `direction(gradient)` is the steepest unit step."""

    project: Callable[[Points, Points, float], Points]
    direction: Callable[[Points], Points]


def lengths(points: Points) -> torch.Tensor:
    """ℓ2 norm of each image, N×1×1×1."""
    return points.flatten(1).norm(dim=1).reshape(-1, 1, 1, 1)


def _project_linf(x: Points, z: Points, radius: float) -> Points:
    return torch.minimum(torch.maximum(z, x - radius), x + radius).clamp(0, 1)


def _project_l2(x: Points, z: Points, radius: float) -> Points:
    """Scaled, then cut: inside both sets, not the nearest point of their intersection."""
    length = lengths(z - x)
    return (x + (z - x) * length.clamp(max=radius) / (length + TINY)).clamp(0, 1)


NORMS = {
    "linf": Norm(_project_linf, torch.sign),
    "l2": Norm(_project_l2, lambda gradient: gradient / (lengths(gradient) + TINY)),
}
