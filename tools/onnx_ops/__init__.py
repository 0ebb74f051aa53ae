"""The operators of `onnx_torch`: one function per ONNX operator, named exactly like it.

A function takes the operator's inputs in order (None where an optional one is missing) and its attributes as
keyword arguments with the standard's defaults. One that also declares `opset` gets the model's opset version,
one that declares `dtype` the floating type of the run. It returns a tensor, or a tuple for several outputs.
"""

import inspect
from types import ModuleType

from . import convolution, elementwise, linear, normalization, pooling, reduction, resize, scatter, shape


def _operators(module: ModuleType) -> dict:
    functions = inspect.getmembers(module, inspect.isfunction)
    return {name: f for name, f in functions if f.__module__ == module.__name__ and name[0].isupper()}


OPERATORS: dict = {}
for _module in (convolution, elementwise, linear, normalization, pooling, reduction, resize, scatter, shape):
    OPERATORS |= _operators(_module)
