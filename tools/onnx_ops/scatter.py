"""Operators that write values at indices."""

import torch

_REDUCTIONS = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


def ScatterElements(x, indices, updates, *, axis=0, reduction="none"):
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    if reduction == "none":
        return x.scatter(axis, indices, updates)
    return x.scatter_reduce(axis, indices, updates, _REDUCTIONS[reduction], include_self=True)


def ScatterND(x, indices, updates, *, reduction="none"):
    if reduction not in ("none", "add"):
        raise NotImplementedError(f"ScatterND with reduction {reduction}")
    return x.index_put(tuple(indices.unbind(-1)), updates, accumulate=reduction == "add")


def OneHot(indices, depth, values, *, axis=-1):
    off, on = values.unbind()
    classes = torch.arange(int(depth))
    hits = torch.where(indices < 0, indices + int(depth), indices).unsqueeze(-1) == classes
    return torch.where(hits, on, off).movedim(-1, axis)
