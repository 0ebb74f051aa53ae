"""What several operator families share: integers out of tensors, padding rules."""

import math

import torch
import torch.nn.functional as F


def ints(value: "torch.Tensor | list[int] | None") -> list[int] | None:
    """The integers of a shape-like input or attribute."""
    if value is None:
        return None
    return [int(v) for v in (value.flatten().tolist() if isinstance(value, torch.Tensor) else value)]


def axes_of(axes: "torch.Tensor | list[int] | None", attribute: list[int] | None, rank: int) -> list[int] | None:
    """Axes from the input of newer opsets or the attribute of older ones, made non-negative."""
    chosen = ints(axes if axes is not None else attribute)
    return None if chosen is None else [a % rank for a in chosen]


def window_pads(size, kernel, strides, dilations, pads, auto_pad) -> list[int]:
    """Begin pads of all axes, then end pads, after `auto_pad` has been settled."""
    if auto_pad in ("NOTSET", ""):
        return list(pads) if pads is not None else [0] * (2 * len(kernel))
    if auto_pad == "VALID":
        return [0] * (2 * len(kernel))
    begin, end = [], []
    for n, k, s, d in zip(size, kernel, strides, dilations):
        total = max((math.ceil(n / s) - 1) * s + (k - 1) * d + 1 - n, 0)
        small, large = total // 2, total - total // 2
        begin.append(small if auto_pad == "SAME_UPPER" else large)
        end.append(large if auto_pad == "SAME_UPPER" else small)
    return begin + end


def split_pads(x: torch.Tensor, pads: list[int], fill: float) -> tuple[torch.Tensor, list[int]]:
    """Leaves symmetric padding to the window operator and applies any other padding to `x` now."""
    rank = len(pads) // 2
    begin, end = pads[:rank], pads[rank:]
    if begin == end:
        return x, begin
    return F.pad(x, torch_order(begin, end), value=fill), [0] * rank


def torch_order(begin: list[int], end: list[int]) -> list[int]:
    """`torch.nn.functional.pad` wants (begin, end) pairs from the last axis to the first."""
    return [p for pair in zip(reversed(begin), reversed(end)) for p in pair]
