"""Compares the operators of `onnx_ops`, one node at a time, with ONNX Runtime.

python tools/check_operators.py    prints the cases that differ by more than 1e-5; exit status 1 if any
"""

import itertools
import tempfile

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from onnx_torch import load, run_onnxruntime

Case = tuple[str, int, list, dict]
IMAGE, SMALL = (2, 6, 7, 9), (2, 6, 5, 4)


def i64(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def f32(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def resize_cases() -> list[Case]:
    """Every mode × coordinates × a size up, down and to one."""
    modes = [("linear", {}), ("cubic", {}), ("cubic", {"cubic_coeff_a": -0.5, "exclude_outside": 1})]
    rounding = ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
    modes += [("nearest", {"nearest_mode": r}) for r in rounding]
    coordinates = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
    sizes = [i64(2, 6, 13, 20), i64(2, 6, 5, 5), i64(2, 6, 1, 1)]
    cases: list[Case] = []
    for (mode, extra), where, size in itertools.product(modes, coordinates, sizes):
        attributes = {"mode": mode, "coordinate_transformation_mode": where, **extra}
        cases.append(("Resize", 13, [IMAGE, None, None, size], attributes))
    scales = [f32(1, 1, 1.5, 2.3), f32(1, 1, 0.6, 0.45)]
    for mode, scale in itertools.product(("linear", "nearest"), scales):
        cases.append(("Resize", 13, [IMAGE, None, scale], {"mode": mode}))
        cases.append(("Resize", 10, [IMAGE, scale], {"mode": mode}))
    cases.append(("Resize", 18, [IMAGE, None, f32(2, 2)], {"mode": "linear", "axes": [2, 3]}))
    cases.append(("Upsample", 9, [IMAGE, scales[0]], {"mode": "nearest"}))
    return cases


def window_cases() -> list[Case]:
    """Convolutions and pooling with strides, dilations, uneven pads and automatic pads."""
    cases: list[Case] = []
    variants = [
        {"strides": [2, 2], "pads": [0, 1, 1, 0]},
        {"strides": [2, 1], "pads": [1, 1, 1, 1], "dilations": [1, 2]},
        {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
    ]
    for attributes in variants:
        cases.append(("Conv", 13, [IMAGE, (4, 3, 3, 3), (4,)], {"group": 2, **attributes}))
        cases.append(("MaxPool", 13, [IMAGE], {"kernel_shape": [3, 3], **attributes}))
        if "dilations" not in attributes:
            for count in (0, 1):
                cases.append(
                    (
                        "AveragePool",
                        13,
                        [IMAGE],
                        {"kernel_shape": [3, 3], "count_include_pad": count, **attributes},
                    )
                )
    pool = {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1, "pads": [1, 1, 1, 1]}
    cases += [("MaxPool", 13, [SMALL], pool), ("AveragePool", 19, [SMALL], pool)]
    cases.append(("MaxPool", 13, [IMAGE], {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 1, 0]}))
    transposed = {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 0], "group": 2}
    cases.append(("ConvTranspose", 13, [IMAGE, (6, 2, 3, 3), (4,)], transposed))
    cases.append(("ConvTranspose", 13, [IMAGE, (6, 2, 3, 3), (4,)], transposed | {"pads": [0, 1, 2, 0]}))
    cases.append(
        ("ConvTranspose", 13, [IMAGE, (6, 2, 3, 3)], {"group": 2, "output_padding": [2, 1], "strides": [3, 2]})
    )
    for auto in ("SAME_UPPER", "SAME_LOWER"):
        cases.append(("ConvTranspose", 13, [IMAGE, (6, 2, 4, 3)], {"strides": [2, 2], "auto_pad": auto}))
    cases.append(("ConvTranspose", 13, [IMAGE, (6, 2, 4, 3)], {"strides": [2, 2], "output_shape": [15, 18]}))
    return cases


def other_cases() -> list[Case]:
    cases: list[Case] = [
        ("Softmax", 12, [IMAGE], {"axis": 1}),
        ("Softmax", 13, [IMAGE], {"axis": 1}),
        ("LogSoftmax", 13, [IMAGE], {}),
        ("LayerNormalization", 17, [IMAGE, (9,), (9,)], {}),
        ("LayerNormalization", 17, [IMAGE, (7, 9), (7, 9)], {"axis": 2, "epsilon": 0.1}),
        ("InstanceNormalization", 13, [IMAGE, (6,), (6,)], {}),
        ("PRelu", 13, [IMAGE, (6, 1, 1)], {}),
        ("PRelu", 13, [IMAGE, (9,)], {}),
        ("Gemm", 13, [(3, 4), (5, 3), (5,)], {"transA": 1, "transB": 1, "alpha": 0.5, "beta": 2.0}),
        ("Slice", 13, [IMAGE, i64(-1, 1), i64(-100, 7), i64(2, 3), i64(-2, 3)], {}),
        ("Slice", 9, [IMAGE], {"starts": [1, -4], "ends": [5, -1], "axes": [1, 3]}),
        ("Split", 13, [IMAGE, i64(1, 2, 3)], {"axis": 1}),
        ("Split", 11, [IMAGE], {"axis": 1, "split": [4, 2]}),
        ("Gather", 13, [IMAGE, np.array([[0, -1], [2, 3]])], {"axis": 2}),
        ("Pad", 13, [IMAGE, i64(0, 0, 1, 2, 0, 0, 3, 0), f32(0.5).reshape(())], {}),
        ("Pad", 13, [IMAGE, i64(0, 0, 1, 2, 0, 0, 3, 0)], {"mode": "reflect"}),
        ("Pad", 13, [IMAGE, i64(0, 0, 1, 2, 0, 0, 3, 0)], {"mode": "edge"}),
        ("Reshape", 13, [IMAGE, i64(0, -1, 9)], {}),
        ("Flatten", 13, [IMAGE], {"axis": 2}),
        ("Unsqueeze", 13, [IMAGE, i64(-1, 0)], {}),
        ("Tile", 13, [(2, 3), i64(2, 1)], {}),
        ("DepthToSpace", 13, [(1, 8, 3, 2)], {"blocksize": 2}),
        ("DepthToSpace", 13, [(1, 8, 3, 2)], {"blocksize": 2, "mode": "CRD"}),
        ("SpaceToDepth", 13, [(1, 2, 4, 6)], {"blocksize": 2}),
        ("ReduceMean", 13, [IMAGE], {"axes": [1, -1], "keepdims": 0}),
        ("ReduceMean", 18, [IMAGE, i64(2, 3)], {}),
        ("ReduceL2", 13, [IMAGE], {"axes": [1]}),
        ("ReduceProd", 13, [IMAGE], {"axes": [1, 2], "keepdims": 0}),
        ("ArgMax", 13, [IMAGE], {"axis": 1, "keepdims": 0}),
        ("Clip", 6, [IMAGE], {"min": -0.2, "max": 0.3}),
        ("Einsum", 13, [(2, 3, 4), (2, 4, 5)], {"equation": "bij,bjk->bik"}),
        (
            "ScatterElements",
            18,
            [IMAGE, np.array([[[[0, -1]], [[2, 2]]]]), (1, 2, 1, 2)],
            {"axis": 1, "reduction": "add"},
        ),
        ("ScatterElements", 13, [IMAGE, np.array([[[[0, -1]], [[2, 1]]]]), (1, 2, 1, 2)], {"axis": 1}),
        ("ScatterND", 16, [(4, 3), np.array([[0], [0], [2]]), (3, 3)], {"reduction": "add"}),
        ("OneHot", 13, [np.array([[0, 2], [-1, 1]]), i64(3), f32(-1, 2)], {"axis": 1}),
        ("Gelu", 20, [IMAGE], {"approximate": "tanh"}),
    ]
    for name in (
        "Elu",
        "Celu",
        "Selu",
        "LeakyRelu",
        "HardSigmoid",
        "Softplus",
        "ThresholdedRelu",
        "Erf",
        "Softsign",
    ):
        cases.append((name, 13, [IMAGE], {}))
    for name in ("HardSwish", "Mish", "GlobalAveragePool", "GlobalMaxPool", "Round"):
        cases.append((name, 18, [IMAGE], {}))
    return cases


def output_types(operator: str, attributes: dict) -> list[int]:
    """Element types of all outputs that the case asks for."""
    if operator == "Split":
        return [TensorProto.FLOAT] * len(attributes.get("split", [0] * 3))
    if operator == "LayerNormalization":
        return [TensorProto.FLOAT] * 3
    pads = attributes.get("pads", [0, 1])
    if operator == "MaxPool" and pads[:2] == pads[2:]:
        return [TensorProto.FLOAT, TensorProto.INT64]
    return [TensorProto.INT64 if operator == "ArgMax" else TensorProto.FLOAT]


def model_of(case: Case, seed: int) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """A model of one node, and normal values for its inputs."""
    operator, opset, arguments, attributes = case
    random = np.random.default_rng(seed)
    feeds, constants, names = {}, [], []
    for i, argument in enumerate(arguments):
        names.append("" if argument is None else f"x{i}")
        if isinstance(argument, tuple):
            feeds[f"x{i}"] = random.standard_normal(argument).astype(np.float32)
        elif argument is not None:
            constants.append(numpy_helper.from_array(argument, f"x{i}"))
    types = output_types(operator, attributes)
    results = [helper.make_tensor_value_info(f"y{i}", element, None) for i, element in enumerate(types)]
    node = helper.make_node(operator, names, [r.name for r in results], **attributes)
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, x.shape) for n, x in feeds.items()]
    graph = helper.make_graph([node], "case", inputs, results, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), feeds


def difference(case: Case, seed: int) -> float:
    """The largest difference over all outputs of the node, relative to the largest value."""
    model, feeds = model_of(case, seed)
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        onnx.save(model, file.name)
        theirs = run_onnxruntime(file.name, feeds)
        ours = load(file.name).run({n: torch.from_numpy(x) for n, x in feeds.items()})
    return max(_relative(ours[n].numpy(), theirs[n]) for n in theirs)


def _relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    if ours.shape != theirs.shape:
        return float("inf")
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def main() -> None:
    cases, wrong = [*resize_cases(), *window_cases(), *other_cases()], 0
    for seed, case in enumerate(cases):
        try:
            error: float | Exception = difference(case, seed)
        except Exception as mistake:  # A case that one of the two refuses is reported like a wrong one.
            error = mistake
        if not isinstance(error, float) or not error < 1e-5:
            wrong += 1
            print(case, error if isinstance(error, float) else repr(error)[:300])
    print(f"{len(cases) - wrong} of {len(cases)} cases agree with ONNX Runtime")
    raise SystemExit(int(wrong > 0))


if __name__ == "__main__":
    main()
