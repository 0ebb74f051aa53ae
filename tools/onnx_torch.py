"""Runs an ONNX model with PyTorch functions, under autograd, in float32 or float64.

    python tools/onnx_torch.py MODEL.onnx...    compares every output with ONNX Runtime

Independent of the TypeScript program on purpose: it is what that program's gradients are compared with.
"""

import argparse
import dataclasses
import functools
import inspect
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from onnx_ops import OPERATORS

Inputs = dict[str, tuple[torch.dtype, list[int | str]]]


@dataclasses.dataclass
class Step:
    """One node: a function with its attributes bound, and the names of the values it reads and writes."""

    operator: str
    function: Callable
    reads: list[str]
    writes: list[str]
    frees: list[str] = dataclasses.field(default_factory=list)

    def __call__(self, values: dict) -> None:
        results = self.function(*[values[name] if name else None for name in self.reads])
        results = results if isinstance(results, (tuple, list)) else [results]
        if len(results) < len(self.writes):
            raise NotImplementedError(f"output {len(results) + 1} of {self.operator}")
        values.update(zip(self.writes, results))
        for name in self.frees:
            del values[name]


@dataclasses.dataclass
class Program:
    """A model as a list of steps over named values; parameters are constants without gradient."""

    inputs: Inputs
    outputs: list[str]
    steps: list[Step]
    constants: dict[str, torch.Tensor]

    def run(self, feeds: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The outputs for tensors by input name; differentiable with respect to any of them."""
        values = self.constants | feeds
        for step in self.steps:
            step(values)
        return {name: values[name] for name in self.outputs}

    def fetching(self, names: Sequence[str]) -> "Program":
        """The same model with other values as its outputs and nothing computed that they do not need."""
        needed, steps = set(names), []
        for step in reversed(self.steps):
            if needed & set(step.writes):
                needed |= set(step.reads)
                steps.insert(0, dataclasses.replace(step))
        missing = needed - {w for s in steps for w in s.writes} - {*self.inputs, *self.constants, ""}
        if missing:
            raise SystemExit(f"the model has no value named {', '.join(sorted(missing))}")
        return _freeing(dataclasses.replace(self, outputs=list(names), steps=steps))

    def specialised(self, feeds: dict[str, torch.Tensor]) -> "Program":
        """The same model for inputs of exactly these shapes: everything the shapes decide is computed once."""
        values, live, steps = self.constants | feeds, set(feeds), []
        with torch.no_grad():
            for step in self.steps:
                dataclasses.replace(step, frees=[])(values)
                if step.operator not in ("Shape", "Size") and live & set(step.reads):
                    live |= set(step.writes)
                    steps.append(step)
                # The tensors of the image are large, and only what the shapes decide is kept.
                values = {name: x for name, x in values.items() if name not in live or name not in step.frees}
        used = {name for step in steps for name in step.reads} | set(self.outputs)
        constants = {n: v for n, v in values.items() if n in used - live}
        return _freeing(dataclasses.replace(self, steps=steps, constants=constants))


def load(path: str | Path, dtype: torch.dtype = torch.float32) -> Program:
    """Reads a model file; every floating parameter becomes `dtype`."""
    model = onnx.load(str(path))
    opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    inputs, outputs = signature(model, dtype)
    constants = {t.name: _tensor(t, dtype) for t in model.graph.initializer}
    steps = [_step(node, opset, dtype) for node in model.graph.node]
    return Program(inputs, outputs, steps, constants).fetching(outputs)


def signature(model: onnx.ModelProto, dtype: torch.dtype = torch.float32) -> tuple[Inputs, list[str]]:
    """Type and shape (a name or 0 where a dimension is open) of the inputs by name, and the outputs' names."""
    parameters = {t.name for t in model.graph.initializer}
    inputs = {
        v.name: (_dtype(v.type.tensor_type.elem_type, dtype), _shape(v))
        for v in model.graph.input
        if v.name not in parameters
    }
    return inputs, [v.name for v in model.graph.output]


def _step(node: onnx.NodeProto, opset: int, dtype: torch.dtype) -> Step:
    if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS:
        raise NotImplementedError(f"operator {node.domain}:{node.op_type} of node {node.name}")
    function = OPERATORS[node.op_type]
    attributes = {a.name: _attribute(a, dtype) for a in node.attribute}
    context = {"opset": opset, "dtype": dtype, "outputs": len(node.output)}
    wanted = inspect.signature(function).parameters
    attributes |= {name: value for name, value in context.items() if name in wanted}
    return Step(node.op_type, functools.partial(function, **attributes), list(node.input), list(node.output))


def _attribute(attribute: onnx.AttributeProto, dtype: torch.dtype):
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, onnx.TensorProto):
        return _tensor(value, dtype)
    return value if isinstance(value, (int, float)) else list(value)


def _tensor(proto: onnx.TensorProto, dtype: torch.dtype) -> torch.Tensor:
    tensor = torch.from_numpy(np.array(numpy_helper.to_array(proto)))
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def _dtype(element: int, dtype: torch.dtype) -> torch.dtype:
    numpy_type = onnx.helper.tensor_dtype_to_np_dtype(element)
    return dtype if np.issubdtype(numpy_type, np.floating) else torch.from_numpy(np.empty(0, numpy_type)).dtype


def _shape(value: onnx.ValueInfoProto) -> list[int | str]:
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def _freeing(program: Program) -> Program:
    """Every value is dropped after its last use, so that memory is what the computation needs."""
    last: dict[str, Step] = {}
    for step in program.steps:
        last |= dict.fromkeys([*step.reads, *step.writes], step)
    kept = {"", *program.outputs}
    for step in program.steps:
        step.frees = [n for n in dict.fromkeys([*step.reads, *step.writes]) if last[n] is step and n not in kept]
    return program


def random_feeds(program: Program, seed: int = 0) -> dict[str, torch.Tensor]:
    """Uniform [0, 1) inputs of the model's own shapes, 1 where a dimension is free."""
    generator = torch.Generator().manual_seed(seed)
    feeds = {}
    for name, (dtype, shape) in program.inputs.items():
        dims = [n if isinstance(n, int) and n > 0 else 1 for n in shape]
        feeds[name] = torch.rand(dims, generator=generator, dtype=torch.float32).to(dtype)
    return feeds


def run_onnxruntime(path: str | Path, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every output of a model file from ONNX Runtime's CPU provider, by name."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


def compare_with_onnxruntime(path: str) -> float:
    """Prints the largest difference of every output, relative to its largest value; returns the worst."""
    feeds = random_feeds(load(path))
    theirs = run_onnxruntime(path, {name: x.numpy() for name, x in feeds.items()}).values()
    worst = 0.0
    for dtype in (torch.float32, torch.float64):
        program = load(path, dtype)
        with torch.no_grad():
            ours = program.run({n: x.to(dtype) if x.is_floating_point() else x for n, x in feeds.items()})
        for (name, a), b in zip(ours.items(), theirs):
            error = float(np.abs(a.numpy() - b).max() / np.abs(b).max())
            worst = max(worst, error)
            print(f"{Path(path).name:28} {name:20} {str(dtype):14} {list(a.shape)!s:20} difference {error:.1e}")
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    worst = max([compare_with_onnxruntime(path) for path in parser.parse_args().models])
    raise SystemExit(int(worst > 1e-4))


if __name__ == "__main__":
    main()
