"""Operators that act element by element, with broadcasting."""

import functools

import torch
import torch.nn.functional as F

FLOATING = {1, 10, 11, 16}  # FLOAT, FLOAT16, DOUBLE, BFLOAT16 all become the floating type of the run.
INTEGER = {2: torch.uint8, 3: torch.int8, 5: torch.int16, 6: torch.int32, 7: torch.int64, 9: torch.bool}


def Add(a, b):
    return a + b


def Sub(a, b):
    return a - b


def Mul(a, b):
    return a * b


def Div(a, b):
    return a / b if a.is_floating_point() else torch.div(a, b, rounding_mode="trunc")


def Pow(a, b):
    return torch.pow(a, b.to(a.dtype))


def Mod(a, b, *, fmod=0):
    return torch.fmod(a, b) if fmod else torch.remainder(a, b)


def Min(*values):
    return functools.reduce(torch.minimum, values)


def Max(*values):
    return functools.reduce(torch.maximum, values)


def Sum(*values):
    return functools.reduce(torch.add, values)


def Neg(x):
    return -x


def Abs(x):
    return x.abs()


def Sign(x):
    return x.sign()


def Reciprocal(x):
    return x.reciprocal()


def Sqrt(x):
    return x.sqrt()


def Exp(x):
    return x.exp()


def Log(x):
    return x.log()


def Erf(x):
    return x.erf()


def Sin(x):
    return x.sin()


def Cos(x):
    return x.cos()


def Floor(x):
    return x.floor()


def Ceil(x):
    return x.ceil()


def Round(x):
    return x.round()


def Tanh(x):
    return x.tanh()


def Sigmoid(x):
    return x.sigmoid()


def HardSigmoid(x, *, alpha=0.2, beta=0.5):
    return (alpha * x + beta).clamp(0, 1)


def HardSwish(x):
    return x * (x / 6 + 0.5).clamp(0, 1)


def Softplus(x):
    # Written out: torch switches to the identity above a threshold.
    return torch.logaddexp(x, torch.zeros_like(x))


def Softsign(x):
    return F.softsign(x)


def Mish(x):
    return x * Softplus(x).tanh()


def Relu(x):
    return x.relu()


def LeakyRelu(x, *, alpha=0.01):
    return F.leaky_relu(x, alpha)


def ThresholdedRelu(x, *, alpha=1.0):
    return F.threshold(x, alpha, 0.0)


def Elu(x, *, alpha=1.0):
    return F.elu(x, alpha)


def Celu(x, *, alpha=1.0):
    return F.celu(x, alpha)


def Selu(x, *, alpha=1.67326319217681884765625, gamma=1.05070102214813232421875):
    return gamma * F.elu(x, alpha)


def Gelu(x, *, approximate="none"):
    return F.gelu(x, approximate=approximate)


def PRelu(x, slope):
    per_channel = slope.dim() == x.dim() - 1 and slope.numel() == slope.shape[0] == x.shape[1]
    if per_channel or slope.numel() == 1:
        return F.prelu(x, slope.reshape(-1))
    return torch.where(x > 0, x, x * slope)


def Clip(x, low=None, high=None, *, min=None, max=None):
    low, high = (min if low is None else low), (max if high is None else high)
    return x if low is None and high is None else torch.clamp(x, _scalar(low), _scalar(high))


def _scalar(value):
    return value.item() if isinstance(value, torch.Tensor) else value


def Identity(x):
    return x


def Dropout(x, ratio=None, training_mode=None, **_):
    return x


def Cast(x, *, to, saturate=1, dtype):
    return x.to(dtype if to in FLOATING else INTEGER[to])


def Where(condition, a, b):
    return torch.where(condition, a, b)


def Equal(a, b):
    return a == b


def Greater(a, b):
    return a > b


def GreaterOrEqual(a, b):
    return a >= b


def Less(a, b):
    return a < b


def LessOrEqual(a, b):
    return a <= b


def Not(a):
    return ~a


def And(a, b):
    return a & b


def Or(a, b):
    return a | b


def IsNaN(x):
    return x.isnan()


def Xor(a, b):
    return a ^ b


def IsInf(x, *, detect_negative=1, detect_positive=1):
    return (x == float("inf")) & bool(detect_positive) | (x == float("-inf")) & bool(detect_negative)
