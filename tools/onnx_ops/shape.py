"""Operators that move, cut, join or describe tensors."""

import torch
import torch.nn.functional as F

from .common import axes_of, ints, torch_order


def Shape(x, *, start=0, end=None):
    return torch.tensor(list(x.shape)[start:end], dtype=torch.int64)


def Size(x):
    return torch.tensor(x.numel())


def Reshape(x, shape, *, allowzero=0):
    target = ints(shape)
    if not allowzero:
        target = [x.shape[i] if n == 0 else n for i, n in enumerate(target)]
    return x.reshape(target)


def Flatten(x, *, axis=1):
    rows = x.shape[: axis if axis >= 0 else axis + x.dim()].numel()
    return x.reshape(rows, -1)


def Transpose(x, *, perm=None):
    return x.permute(perm if perm is not None else list(reversed(range(x.dim()))))


def Squeeze(x, over=None, *, axes=None):
    chosen = axes_of(over, axes, x.dim())
    return x.squeeze() if chosen is None else x.squeeze(tuple(chosen))


def Unsqueeze(x, over=None, *, axes=None):
    chosen = ints(over if over is not None else axes)
    for axis in sorted(a % (x.dim() + len(chosen)) for a in chosen):
        x = x.unsqueeze(axis)
    return x


def Expand(x, shape):
    return x.broadcast_to(torch.broadcast_shapes(x.shape, ints(shape)))


def Tile(x, repeats):
    return x.repeat(ints(repeats))


def Concat(*values, axis):
    return torch.cat(values, axis)


def Split(x, sizes=None, *, split=None, axis=0, num_outputs=None, outputs):
    """`outputs` is the number of outputs that the node names."""
    sizes = ints(sizes if sizes is not None else split)
    if sizes is None:
        chunk = -(-x.shape[axis] // (num_outputs or outputs))
        return torch.split(x, chunk, axis)
    return torch.split(x, sizes, axis)


def Slice(x, begin=None, end=None, over=None, step=None, *, starts=None, ends=None, axes=None):
    begin = ints(begin if begin is not None else starts)
    end = ints(end if end is not None else ends)
    over = axes_of(over, axes, x.dim()) or list(range(len(begin)))
    for axis, b, e, s in zip(over, begin, end, ints(step) or [1] * len(begin)):
        if s > 0:
            x = x[(slice(None),) * axis + (slice(b, e, s),)]
        else:
            x = x.index_select(axis, torch.arange(x.shape[axis])[_descending(b, e, x.shape[axis])])
            x = x[(slice(None),) * axis + (slice(None, None, -s),)]
    return x


def _descending(begin, end, size):
    """The indices begin, begin − 1, … above `end` (step −1; the caller thins them out)."""

    def clamp(index, low):
        return min(max(index + size if index < 0 else index, low), size - 1)

    return torch.arange(clamp(begin, 0), clamp(end, -1), -1)


def Gather(x, indices, *, axis=0):
    axis %= x.dim()
    flat = torch.where(indices < 0, indices + x.shape[axis], indices).reshape(-1)
    return x.index_select(axis, flat).reshape(x.shape[:axis] + indices.shape + x.shape[axis + 1 :])


def GatherElements(x, indices, *, axis=0):
    return x.gather(axis, torch.where(indices < 0, indices + x.shape[axis], indices))


def Pad(x, amounts=None, fill=None, over=None, *, mode="constant", pads=None, value=0.0):
    amounts = ints(amounts if amounts is not None else pads)
    if over is not None:
        amounts = _pads_on(axes_of(over, None, x.dim()), amounts, x.dim())
    begin, end = amounts[: x.dim()], amounts[x.dim() :]
    if mode == "constant":
        return F.pad(x, torch_order(begin, end), value=value if fill is None else fill.item())
    skip = next((i for i in range(x.dim()) if begin[i] or end[i]), x.dim() - 1)
    return F.pad(
        x,
        torch_order(begin[skip:], end[skip:]),
        mode={"edge": "replicate", "wrap": "circular"}.get(mode, mode),
    )


def _pads_on(axes, amounts, rank):
    full = [0] * (2 * rank)
    for i, axis in enumerate(axes):
        full[axis], full[axis + rank] = amounts[i], amounts[i + len(axes)]
    return full


def DepthToSpace(x, *, blocksize, mode="DCR"):
    if mode == "CRD":
        return F.pixel_shuffle(x, blocksize)
    n, c, h, w = x.shape
    b, depth = blocksize, c // blocksize**2
    return x.reshape(n, b, b, depth, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, depth, h * b, w * b)


def SpaceToDepth(x, *, blocksize):
    n, c, h, w = x.shape
    b = blocksize
    return x.reshape(n, c, h // b, b, w // b, b).permute(0, 3, 5, 1, 2, 4).reshape(n, c * b * b, h // b, w // b)


def Constant(*, value=None, value_float=None, value_floats=None, value_int=None, value_ints=None, dtype):
    if value is not None:
        return value
    floats = value_float if value_float is not None else value_floats
    if floats is not None:
        return torch.tensor(floats, dtype=dtype)
    return torch.tensor(value_int if value_int is not None else value_ints, dtype=torch.int64)


def ConstantOfShape(shape, *, value=None, dtype):
    value = torch.zeros(1, dtype=dtype) if value is None else value
    return value.expand(ints(shape)).clone()


def Range(start, limit, delta):
    return torch.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype)
