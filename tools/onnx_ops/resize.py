"""Resize and Upsample: every axis is a product with a small interpolation matrix."""

import functools
import math

import numpy as np
import torch
import torch.nn.functional as F

from .common import axes_of, ints


def Upsample(x, factors=None, *, scales=None, mode="nearest"):
    """Opsets 7 (attribute) and 9 (input); asymmetric coordinates, rounded down."""
    scales = scales if factors is None else factors.tolist()
    return _resize(x, scales, None, mode, "asymmetric", "floor", -0.75, 0)


def Resize(
    x,
    *inputs,
    mode="nearest",
    coordinate_transformation_mode="half_pixel",
    nearest_mode="round_prefer_floor",
    cubic_coeff_a=-0.75,
    exclude_outside=0,
    extrapolation_value=0.0,
    antialias=0,
    axes=None,
    keep_aspect_ratio_policy="stretch",
    opset,
):
    if opset < 11:
        return _resize(x, inputs[0].tolist(), None, mode, "asymmetric", "simple", -0.75, 0)
    _, scales, sizes = (*inputs, None, None, None)[:3]
    if antialias or keep_aspect_ratio_policy != "stretch":
        raise NotImplementedError("Resize with antialias or a kept aspect ratio")
    chosen = axes_of(None, axes, x.dim()) or list(range(x.dim()))
    sizes = _spread(ints(sizes), chosen, x.shape) if sizes is not None and sizes.numel() else None
    scales = None if sizes else _spread(scales.tolist(), chosen, [1.0] * x.dim())
    return _resize(x, scales, sizes, mode, coordinate_transformation_mode, nearest_mode, cubic_coeff_a, exclude_outside)


def _spread(values, axes, rest):
    full = list(rest)
    for axis, value in zip(axes, values):
        full[axis] = value
    return full


def _resize(x, scales, sizes, mode, coordinates, nearest, cubic, exclude_outside):
    if sizes is None:
        sizes = [math.floor(n * s) for n, s in zip(x.shape, scales)]
    else:
        scales = [m / n for n, m in zip(x.shape, sizes)]
    fast = _bilinear(x, scales, sizes, mode, coordinates)
    if fast is not None:
        return fast
    for axis, (n, m, s) in enumerate(zip(x.shape, sizes, scales)):
        if n != m or s != 1:
            weights = matrix(n, m, s, mode, coordinates, nearest, cubic, exclude_outside).to(x.dtype)
            x = torch.movedim(torch.movedim(x, axis, -1) @ weights.mT, -1, axis)
    return x


def _bilinear(x, scales, sizes, mode, coordinates):
    """Torch's own kernel where it computes exactly the same thing."""
    pixelwise = coordinates in ("half_pixel", "pytorch_half_pixel") and all(m > 1 for m in sizes[2:])
    if mode != "linear" or x.dim() != 4 or not (pixelwise or coordinates == "align_corners"):
        return None
    exact = all(abs(n * s - m) < 1e-4 for n, m, s in zip(x.shape, sizes, scales))
    if not exact or list(x.shape[:2]) != list(sizes[:2]):
        return None
    return F.interpolate(x, sizes[2:], mode="bilinear", align_corners=coordinates == "align_corners")


@functools.cache
def matrix(n, m, scale, mode, coordinates, nearest, cubic, exclude_outside) -> torch.Tensor:
    """The m×n matrix (float64) that resizes n values to m; rows sum to 1."""
    rows = torch.zeros(m, n, dtype=torch.float64)
    # Nearest may stand exactly between two values, where engines decide by the rounding of float32.
    number = np.float32 if mode == "nearest" else float
    for j in range(m):
        source = _source(number(j), n, m, number(scale), coordinates)
        for index, weight in _taps(source, n, scale, mode, nearest, cubic, exclude_outside):
            rows[j, min(max(index, 0), n - 1)] += weight
    return rows


def _source(j, n, m, scale, coordinates):
    """The input coordinate of output position j."""
    if coordinates == "align_corners":
        return j * (n - 1) / (m - 1) if m > 1 else 0.0
    if coordinates == "asymmetric":
        return j / scale
    if coordinates == "pytorch_half_pixel" and m == 1:
        return 0.0
    if coordinates == "half_pixel_symmetric":
        return n / 2 * (1 - m / (n * scale)) + (j + 0.5) / scale - 0.5
    if coordinates in ("half_pixel", "pytorch_half_pixel"):
        return (j + 0.5) / scale - 0.5
    raise NotImplementedError(f"Resize with coordinates {coordinates}")


def _taps(source, n, scale, mode, nearest, cubic, exclude_outside):
    if mode == "nearest":
        return [(_nearest(source, scale, nearest), 1.0)]
    if mode == "linear":
        source = min(max(source, 0.0), n - 1.0)
        left = math.floor(source)
        return [(left, left + 1 - source), (left + 1, source - left)]
    left = math.floor(source)
    taps = [(left + k, _cubic(abs(source - left - k), cubic)) for k in (-1, 0, 1, 2)]
    if exclude_outside:
        taps = [(i, w) for i, w in taps if 0 <= i < n]
        total = sum(w for _, w in taps)
        taps = [(i, w / total) for i, w in taps]
    return taps


def _nearest(source, scale, rule):
    if rule == "simple":  # Opset 10 as ONNX Runtime does it.
        return math.ceil(source) if scale < 1 else math.floor(source)
    rules = {
        "floor": math.floor,
        "ceil": math.ceil,
        "round_prefer_floor": lambda s: math.ceil(s - 0.5),
        "round_prefer_ceil": lambda s: math.floor(s + 0.5),
    }
    return rules[rule](source)


def _cubic(t, a):
    if t <= 1:
        return ((a + 2) * t - (a + 3)) * t * t + 1
    return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a if t < 2 else 0.0
