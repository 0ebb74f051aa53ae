"""Reductions over axes, and the arguments of extrema."""

import torch

from .common import axes_of


def _reduce(function, x, axes, attribute, keepdims, noop_with_empty_axes):
    chosen = axes_of(axes, attribute, x.dim())
    if not chosen:
        if noop_with_empty_axes:
            return x
        chosen = list(range(x.dim()))
    return function(x, chosen, bool(keepdims))


def ReduceMean(x, over=None, *, axes=None, keepdims=1, noop_with_empty_axes=0):
    return _reduce(torch.mean, x, over, axes, keepdims, noop_with_empty_axes)


def ReduceSum(x, over=None, *, axes=None, keepdims=1, noop_with_empty_axes=0):
    return _reduce(torch.sum, x, over, axes, keepdims, noop_with_empty_axes)


def ReduceMax(x, over=None, *, axes=None, keepdims=1, noop_with_empty_axes=0):
    return _reduce(torch.amax, x, over, axes, keepdims, noop_with_empty_axes)


def ReduceMin(x, over=None, *, axes=None, keepdims=1, noop_with_empty_axes=0):
    return _reduce(torch.amin, x, over, axes, keepdims, noop_with_empty_axes)


def ReduceL1(x, over=None, **attributes):
    return ReduceSum(x.abs(), over, **attributes)


def ReduceL2(x, over=None, **attributes):
    return ReduceSumSquare(x, over, **attributes).sqrt()


def ReduceSumSquare(x, over=None, **attributes):
    return ReduceSum(x * x, over, **attributes)


def ReduceLogSumExp(x, over=None, *, axes=None, keepdims=1, noop_with_empty_axes=0):
    return _reduce(torch.logsumexp, x, over, axes, keepdims, noop_with_empty_axes)


def ReduceProd(x, over=None, *, axes=None, keepdims=1, noop_with_empty_axes=0):
    return _reduce(_product, x, over, axes, keepdims, noop_with_empty_axes)


def _product(x, axes, keepdim):
    for axis in sorted(axes, reverse=True):
        x = x.prod(axis, keepdim)
    return x


def ArgMax(x, *, axis=0, keepdims=1, select_last_index=0):
    """The first index of the largest value, as the standard asks; torch promises no order among ties."""
    if select_last_index:
        raise NotImplementedError("ArgMax with select_last_index")
    size = x.shape[axis]
    shape = [1] * x.dim()
    shape[axis] = size
    index = torch.arange(size).reshape(shape)
    return torch.where(x == x.amax(axis, keepdim=True), index, size).amin(axis, bool(keepdims))
