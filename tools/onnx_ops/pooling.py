"""Pooling over windows and over whole maps."""

import torch
import torch.nn.functional as F

from .common import split_pads, window_pads

_MAX = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_AVERAGE = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


def MaxPool(
    x,
    *,
    kernel_shape,
    strides=None,
    dilations=None,
    pads=None,
    ceil_mode=0,
    auto_pad="NOTSET",
    storage_order=0,
    outputs,
):
    """`outputs` is the number of outputs that the node names: also where in the whole input each maximum lies?"""
    rank = len(kernel_shape)
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    pads = window_pads(x.shape[2:], kernel_shape, strides, dilations, pads, auto_pad)
    padded, padding = split_pads(x, pads, float("-inf"))
    window = (kernel_shape, strides, padding, dilations, bool(ceil_mode))
    if outputs == 1:
        return _MAX[rank](padded, *window)
    if padded is not x or storage_order:
        raise NotImplementedError("MaxPool's indices with asymmetric pads or column-major order")
    largest, within = _MAX[rank](x, *window, return_indices=True)
    maps = torch.arange(x.shape[:2].numel()).reshape(*x.shape[:2], *[1] * rank)
    return largest, within + maps * x.shape[2:].numel()


def AveragePool(
    x,
    *,
    kernel_shape,
    strides=None,
    dilations=None,
    pads=None,
    ceil_mode=0,
    auto_pad="NOTSET",
    count_include_pad=0,
):
    rank = len(kernel_shape)
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    if any(d != 1 for d in dilations):
        raise NotImplementedError("AveragePool with dilations")
    pads = window_pads(x.shape[2:], kernel_shape, strides, dilations, pads, auto_pad)

    def pool(y, padding):
        return _AVERAGE[rank](y, kernel_shape, strides, padding, bool(ceil_mode), bool(count_include_pad))

    padded, padding = split_pads(x, pads, 0.0)
    if padded is x or count_include_pad:
        return pool(padded, padding)
    # Asymmetric pads that do not count: divide by the share of each window that lies inside.
    inside, _ = split_pads(torch.ones_like(x), pads, 0.0)
    return pool(padded, padding) / pool(inside, padding)


def GlobalAveragePool(x):
    return x.mean(tuple(range(2, x.dim())), keepdim=True)


def GlobalMaxPool(x):
    return x.amax(tuple(range(2, x.dim())), keepdim=True)
