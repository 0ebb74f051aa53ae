"""Conv and ConvTranspose in one, two or three spatial dimensions."""

import torch.nn.functional as F

from .common import split_pads, torch_order, window_pads

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
    extra = output_padding or [0] * rank
    if pads is None or output_shape is not None or auto_pad not in ("NOTSET", ""):
        pads = _transposed_pads(x.shape[2:], w.shape[2:], strides, dilations, extra, output_shape, auto_pad)
    simple = pads[:rank] == pads[rank:] and all(e < max(s, d) for e, s, d in zip(extra, strides, dilations))
    if simple:
        return _TRANSPOSED[rank](x, w, b, strides, pads[:rank], extra, group, dilations)
    # The full result, longer by the output padding and cut by the pads of either end.
    full = _TRANSPOSED[rank](x, w, None, strides, 0, 0, group, dilations)
    cut = F.pad(full, torch_order([-p for p in pads[:rank]], [e - p for e, p in zip(extra, pads[rank:])]))
    return cut if b is None else cut + b.reshape(-1, *[1] * rank)


def _transposed_pads(size, kernel, strides, dilations, extra, output_shape, auto_pad) -> list[int]:
    """Pads that give `output_shape`, or input times stride under SAME; the odd one goes where `auto_pad` says."""
    rank = len(kernel)
    if output_shape is None and not auto_pad.startswith("SAME"):
        return [0] * (2 * rank)
    wanted = output_shape or [n * s for n, s in zip(size, strides)]
    begin, end = [], []
    for n, k, s, d, e, m in zip(size, kernel, strides, dilations, extra, wanted):
        total = max(s * (n - 1) + e + (k - 1) * d + 1 - m, 0)
        small, large = total // 2, total - total // 2
        begin.append(small if auto_pad == "SAME_UPPER" else large)
        end.append(large if auto_pad == "SAME_UPPER" else small)
    return begin + end
