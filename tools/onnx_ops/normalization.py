"""Normalisation layers in inference mode, and softmax."""

import torch
import torch.nn.functional as F


def BatchNormalization(x, scale, bias, mean, var, *, epsilon=1e-5, momentum=0.9, training_mode=0, spatial=1):
    if training_mode or not spatial:
        raise NotImplementedError("BatchNormalization in training mode or per activation")
    return F.batch_norm(x, mean, var, scale, bias, training=False, eps=epsilon)


def InstanceNormalization(x, scale, bias, *, epsilon=1e-5):
    return F.instance_norm(x, weight=scale, bias=bias, eps=epsilon)


def LayerNormalization(x, scale, bias=None, *, axis=-1, epsilon=1e-5, stash_type=1, outputs):
    """`outputs` is the number of outputs that the node names: also the mean and the inverse deviation?"""
    axes = list(range(axis % x.dim(), x.dim()))
    shape = x.shape[axes[0] :]
    bias = None if bias is None else bias.expand(shape)
    normalised = F.layer_norm(x, shape, scale.expand(shape), bias, epsilon)
    if outputs == 1:
        return normalised
    variance, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
    return (normalised, mean, torch.rsqrt(variance + epsilon))[:outputs]


def GroupNormalization(x, scale, bias, *, num_groups, epsilon=1e-5, stash_type=1, opset):
    if opset < 21:  # One scale per group.
        per_group = x.shape[1] // num_groups
        scale, bias = scale.repeat_interleave(per_group), bias.repeat_interleave(per_group)
    return F.group_norm(x, num_groups, scale, bias, epsilon)


def LpNormalization(x, *, axis=-1, p=2):
    return x / torch.linalg.vector_norm(x, p, axis, keepdim=True)


def Softmax(x, *, axis=None, opset):
    return _over_axis(torch.softmax, x, axis, opset)


def LogSoftmax(x, *, axis=None, opset):
    return _over_axis(torch.log_softmax, x, axis, opset)


def _over_axis(function, x, axis, opset):
    """Before opset 13 softmax ran over all axes from `axis` (default 1) on, flattened."""
    if opset >= 13:
        return function(x, -1 if axis is None else axis)
    axis = (1 if axis is None else axis) % x.dim()
    return function(x.flatten(axis), -1).reshape(x.shape)
