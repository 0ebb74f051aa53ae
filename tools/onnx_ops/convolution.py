"""Conv and ConvTranspose in one, two or three spatial dimensions."""

import torch.nn.functional as F

from .common import split_pads, window_pads

_CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def Conv(x, w, b=None, *, kernel_shape=None, strides=None, dilations=None, pads=None, group=1, auto_pad="NOTSET"):
    rank = w.dim() - 2
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    pads = window_pads(x.shape[2:], w.shape[2:], strides, dilations, pads, auto_pad)
    x, padding = split_pads(x, pads, 0.0)
    return _CONV[rank](x, w, b, strides, padding, dilations, group)


def ConvTranspose(
    x,
    w,
    b=None,
    *,
    kernel_shape=None,
    strides=None,
    dilations=None,
    pads=None,
    output_padding=None,
    output_shape=None,
    group=1,
    auto_pad="NOTSET",
):
    rank = w.dim() - 2
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    pads, output_padding = pads or [0] * (2 * rank), output_padding or [0] * rank
    if output_shape is not None or auto_pad not in ("NOTSET", "VALID") or pads[:rank] != pads[rank:]:
        raise NotImplementedError("ConvTranspose with output_shape, SAME padding or asymmetric pads")
    return _TRANSPOSED[rank](x, w, b, strides, pads[:rank], output_padding, group, dilations)
