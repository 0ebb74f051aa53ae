"""Writes test/golden/opset/*.onnx: small models of operators as older opsets had them.

    python tools/opset_golden.py

test/onnx/opsets.test.ts runs each as it is and as Seawall reads it, on inputs that it draws itself.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

FOLDER = Path(__file__).resolve().parent.parent / "test/golden/opset"
IMAGE = (1, 4, 5, 6)
FLOAT, HALF, DOUBLE = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE
INT64, BOOL = TensorProto.INT64, TensorProto.BOOL


@dataclass
class Case:
    """One model: nodes from input `x` (and others) to output `y` (and others), at each of some opsets."""

    name: str
    opsets: list[int]
    nodes: list[NodeProto]
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    inputs: dict[str, tuple[int, tuple[int, ...]]] = field(default_factory=lambda: {"x": (FLOAT, IMAGE)})
    outputs: dict[str, int] = field(default_factory=lambda: {"y": FLOAT})


node = helper.make_node


def f32(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def i64(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).uniform(-1, 1, shape).astype(np.float32)


def info(name: str, kind: int, shape: tuple[int, ...] | None = None):
    return helper.make_tensor_value_info(name, kind, shape)


def branch(
    name: str, nodes: list[NodeProto], output: str, constants: dict[str, np.ndarray] | None = None
) -> GraphProto:
    initializers = [numpy_helper.from_array(value, key) for key, value in (constants or {}).items()]
    return helper.make_graph(nodes, name, [], [info(output, FLOAT)], initializers)


def movement() -> list[Case]:
    steps = {"starts": i64(3, 4), "ends": i64(0, -9), "axes": i64(1, 3), "steps": i64(-1, -2)}
    return [
        Case(
            "slice_attributes", [7, 9], [node("Slice", ["x"], ["y"], starts=[1, -4], ends=[3, 2**63 - 1], axes=[1, 3])]
        ),
        Case("slice_all_axes", [9], [node("Slice", ["x"], ["y"], starts=[0, 1], ends=[1, 3])]),
        Case("slice_inputs", [10, 13], [node("Slice", ["x", *steps], ["y"])], steps),
        Case("split_equal", [7, 11], [node("Split", ["x"], ["a", "y"], axis=3)], outputs={"y": FLOAT, "a": FLOAT}),
        Case("split_lengths", [11], [node("Split", ["x"], ["a", "y"], axis=1, split=[1, 3])]),
        Case("split_13", [13], [node("Split", ["x"], ["a", "y"], axis=1)]),
        Case("split_13_lengths", [13], [node("Split", ["x", "n"], ["a", "y"], axis=1)], {"n": i64(3, 1)}),
        Case("squeeze", [7, 11], [node("Squeeze", ["x"], ["y"], axes=[0])]),
        Case("squeeze_all", [11], [node("Squeeze", ["x"], ["y"])]),
        Case("unsqueeze", [7, 11], [node("Unsqueeze", ["x"], ["y"], axes=[0, 3])]),
        Case("unsqueeze_negative", [11], [node("Unsqueeze", ["x"], ["y"], axes=[-1, 2])]),
        Case("pad_constant", [7, 10], [node("Pad", ["x"], ["y"], pads=[0, 0, 1, 2, 0, 0, 0, -1], value=0.25)]),
        Case("pad_edge", [10], [node("Pad", ["x"], ["y"], mode="edge", pads=[0, 0, 1, 2, 0, 0, 0, 1])]),
        Case("pad_reflect", [10], [node("Pad", ["x"], ["y"], mode="reflect", pads=[0, 0, 1, 2, 0, 0, 0, 1])]),
        Case(
            "pad_inputs",
            [11, 13],
            [node("Pad", ["x", "pads", "fill"], ["y"])],
            {"pads": i64(0, 0, 1, 1, 0, 0, 2, 2), "fill": np.float32(0.5)},
        ),
        Case(
            "pad_half",
            [10],
            [node("Pad", ["x"], ["y"], pads=[0, 0, 1, 1, 0, 0, 0, 0], value=0.1)],
            inputs={"x": (HALF, IMAGE)},
            outputs={"y": HALF},
        ),
        Case(
            "scatter",
            [9, 10],
            [node("Scatter", ["x", "at", "new"], ["y"], axis=1)],
            {"at": np.array([[[[2, 0]]]], np.int64), "new": drawn(1, 1, 1, 2)},
        ),
        Case(
            "flatten_reshape",
            [7, 9],
            [node("Flatten", ["x"], ["f"], axis=2), node("Reshape", ["f", "s"], ["y"])],
            {"s": i64(4, 0)},
        ),
        Case("gather_negative", [11], [node("Gather", ["x", "at"], ["y"], axis=1)], {"at": i64(-1, 1)}),
        Case(
            "one_hot",
            [9, 11],
            [node("OneHot", ["at", "depth", "values"], ["y"], axis=0)],
            {"depth": i64(3), "values": f32(0.25, 2), "at": i64(-1, 0, 5)},
            inputs={"unused": (FLOAT, (1,))},
        ),
        Case(
            "tile_expand",
            [8, 13],
            [node("Tile", ["x", "n"], ["t"]), node("Expand", ["t", "s"], ["y"])],
            {"n": i64(1, 1, 2, 1), "s": i64(2, 1, 1, 1, 1)},
        ),
        Case("depth_to_space", [7, 11], [node("DepthToSpace", ["x"], ["y"], blocksize=2)]),
    ]


def reduction() -> list[Case]:
    names = ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"]
    cases = [
        Case(f"reduce_{n.lower()}", [7, 11 if n == "Sum" else 13], [node(f"Reduce{n}", ["x"], ["y"], axes=[1, 3])])
        for n in names
    ]
    return [
        *cases,
        Case("reduce_all", [7, 12], [node("ReduceMean", ["x"], ["y"], keepdims=0)]),
        Case("reduce_negative_axis", [11], [node("ReduceSum", ["x"], ["y"], axes=[-1], keepdims=0)]),
        Case("reduce_sum_input", [13], [node("ReduceSum", ["x", "axes"], ["y"])], {"axes": i64(2)}),
        Case(
            "top_k_attribute", [7, 9], [node("TopK", ["x"], ["y", "i"], axis=3, k=2)], outputs={"y": FLOAT, "i": INT64}
        ),
        Case(
            "top_k_input",
            [10],
            [node("TopK", ["x", "k"], ["y", "i"], axis=1)],
            {"k": i64(3)},
            outputs={"y": FLOAT, "i": INT64},
        ),
        Case("arg_max", [7, 11], [node("ArgMax", ["x"], ["y"], axis=1)], outputs={"y": INT64}),
    ]


def activation() -> list[Case]:
    def flattening(op: str) -> list[Case]:
        name = op.lower()
        known = [node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]), node(op, ["t"], ["y"], axis=3)]
        hidden = [node("Reshape", ["x", "s"], ["r"]), node(op, ["r"], ["y"], axis=2)]
        return [
            Case(f"{name}_default", [7, 11], [node(op, ["x"], ["y"])]),
            Case(f"{name}_last", [7], known),
            Case(f"{name}_second", [12], [node(op, ["x"], ["y"], axis=2)]),
            Case(f"{name}_negative", [11], [node(op, ["x"], ["y"], axis=-1)]),
            Case(f"{name}_negative_second", [12], [node(op, ["x"], ["y"], axis=-2)]),
            Case(
                f"{name}_unknown_rank",
                [10],
                [node("Add", ["s", "zero"], ["sum"]), *[replaced(n, "s", "sum") for n in hidden]],
                {"s": i64(2, 3, 20), "zero": i64(0, 0, 0)},
            ),
            Case(f"{name}_13", [13], [node(op, ["x"], ["y"])]),
        ]

    return [
        *flattening("Softmax"),
        *flattening("LogSoftmax"),
        *flattening("Hardmax"),
        Case("clip_attributes", [7, 10], [node("Clip", ["x"], ["y"], min=0.25, max=0.5)]),
        Case("clip_one_bound", [10], [node("Clip", ["x"], ["y"], max=0.5)]),
        Case("clip_no_bound", [7], [node("Clip", ["x"], ["y"])]),
        Case(
            "clip_half",
            [10],
            [node("Clip", ["x"], ["y"], min=0.6, max=0.7)],
            inputs={"x": (HALF, IMAGE)},
            outputs={"y": HALF},
        ),
        Case(
            "pad_double",
            [10],
            [node("Abs", ["x"], ["a"]), node("Pad", ["a"], ["y"], pads=[0, 0, 0, 0, 0, 0, 1, 0], value=0.6)],
            inputs={"x": (DOUBLE, IMAGE)},
            outputs={"y": DOUBLE},
        ),
        Case("clip_inputs", [11, 12], [node("Clip", ["x", "", "max"], ["y"])], {"max": np.float32(0.5)}),
        Case("prelu", [7, 9], [node("PRelu", ["x", "slope"], ["y"])], {"slope": drawn(4, 1, 1)}),
        Case("thresholded", [10], [node("ThresholdedRelu", ["x"], ["y"], alpha=0.5)]),
    ]


def replaced(original: NodeProto, old: str, new: str) -> NodeProto:
    copy = NodeProto()
    copy.CopyFrom(original)
    copy.input[:] = [new if name == old else name for name in original.input]
    return copy


def normalization() -> list[Case]:
    statistics = {"scale": drawn(4), "bias": drawn(4) + 1, "mean": drawn(4) / 2, "var": np.abs(drawn(4)) + 0.1}
    names = ["x", *statistics]
    group = {"scale": drawn(2), "bias": drawn(2) + 1}
    return [
        Case(
            "batch_norm_spatial", [7], [node("BatchNormalization", names, ["y"], spatial=1, epsilon=1e-3)], statistics
        ),
        Case("batch_norm", [9, 14, 15], [node("BatchNormalization", names, ["y"], momentum=0.8)], statistics),
        Case("batch_norm_unread", [9], [node("BatchNormalization", names, ["y", "m", "v", "sm", "sv"])], statistics),
        Case(
            "batch_norm_trained",
            [14],
            [node("BatchNormalization", names, ["y", "m", "v"], training_mode=1)],
            statistics,
            outputs={"y": FLOAT, "m": FLOAT},
        ),
        Case("dropout", [7, 10], [node("Dropout", ["x"], ["y"], ratio=0.3)]),
        Case("dropout_mask", [12, 13], [node("Dropout", ["x"], ["y", "mask"])], outputs={"y": FLOAT, "mask": BOOL}),
        Case(
            "dropout_inputs",
            [12, 13],
            [node("Dropout", ["x", "ratio", "training"], ["y"])],
            {"ratio": np.float32(0.9), "training": np.bool_(False)},
        ),
        Case(
            "group_norm",
            [18],
            [node("GroupNormalization", ["x", *group], ["y"], num_groups=2)],
            group,
            inputs={"x": (FLOAT, (2, 6, 3, 4))},
        ),
        Case(
            "instance_norm",
            [7],
            [node("InstanceNormalization", ["x", "scale", "bias"], ["y"])],
            {key: statistics[key] for key in ("scale", "bias")},
        ),
        Case("lrn", [7, 13], [node("LRN", ["x"], ["y"], size=3)]),
        Case("mean_variance", [9], [node("MeanVarianceNormalization", ["x"], ["y"])]),
    ]


def sampling() -> list[Case]:
    cases = []
    for mode in ("nearest", "linear"):
        cases += [
            Case(f"upsample_{mode}", [7, 8], [node("Upsample", ["x"], ["y"], mode=mode, scales=[1.0, 1.0, 2.0, 2.5])]),
            Case(
                f"upsample_{mode}_input",
                [9],
                [node("Upsample", ["x", "s"], ["y"], mode=mode)],
                {"s": f32(1, 1, 1.7, 3)},
            ),
            Case(
                f"resize_10_{mode}_up", [10], [node("Resize", ["x", "s"], ["y"], mode=mode)], {"s": f32(1, 1, 1.3, 2.5)}
            ),
            Case(
                f"resize_10_{mode}_down",
                [10],
                [node("Resize", ["x", "s"], ["y"], mode=mode)],
                {"s": f32(1, 1, 0.7, 0.4)},
            ),
            Case(
                f"resize_10_{mode}_mixed",
                [10],
                [node("Resize", ["x", "s"], ["y"], mode=mode)],
                {"s": f32(1, 1, 0.7, 2.5)},
            ),
        ]
    empty = f32()
    modes = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]
    for mode in modes:
        cases.append(
            Case(
                f"resize_linear_{mode}",
                [11, 13],
                [node("Resize", ["x", "roi", "scales"], ["y"], mode="linear", coordinate_transformation_mode=mode)],
                {"roi": empty, "scales": f32(1, 1, 1.7, 0.7)},
            )
        )
    for rounding in ("floor", "round_prefer_floor"):
        cases.append(
            Case(
                f"resize_tf_{rounding}",
                [11, 12],
                [
                    node(
                        "Resize",
                        ["x", "roi", "scales"],
                        ["y"],
                        coordinate_transformation_mode="tf_half_pixel_for_nn",
                        nearest_mode=rounding,
                    )
                ],
                {"roi": f32(0, 0, 0, 0, 1, 1, 1, 1), "scales": f32(1, 1, 1.7, 0.7)},
            )
        )
    grid = np.random.default_rng(1).uniform(-1.1, 1.1, (1, 3, 3, 2)).astype(np.float32)
    return [
        *cases,
        Case(
            "resize_sizes",
            [11],
            [node("Resize", ["x", "roi", "scales", "sizes"], ["y"], mode="cubic")],
            {"roi": empty, "scales": empty, "sizes": i64(1, 4, 7, 3)},
        ),
        Case(
            "resize_sizes_13",
            [13],
            [node("Resize", ["x", "", "", "sizes"], ["y"], mode="linear")],
            {"sizes": i64(1, 4, 7, 3)},
        ),
        Case(
            "resize_crop",
            [11],
            [
                node(
                    "Resize",
                    ["x", "roi", "scales"],
                    ["y"],
                    mode="linear",
                    coordinate_transformation_mode="tf_crop_and_resize",
                )
            ],
            {"roi": f32(0, 0, 0.2, 0.1, 1, 1, 0.8, 0.9), "scales": f32(1, 1, 2, 2)},
        ),
        *[
            Case(f"grid_{mode}", [16], [node("GridSample", ["x", "grid"], ["y"], mode=mode)], {"grid": grid})
            for mode in ("bilinear", "nearest", "bicubic")
        ],
        Case(
            "roi_align",
            [10],
            [node("RoiAlign", ["x", "rois", "batch"], ["y"], output_height=2, output_width=3, sampling_ratio=2)],
            {"rois": f32(0.5, 0.5, 4, 3).reshape(1, 4), "batch": i64(0)},
        ),
        Case("dft", [17], [node("DFT", ["x"], ["y"], axis=2)], inputs={"x": (FLOAT, (1, 3, 8, 1))}),
        Case("dft_default", [17], [node("DFT", ["x", ""], ["y"])], inputs={"x": (FLOAT, (1, 8, 1))}),
    ]


def windows() -> list[Case]:
    weight = drawn(4, 2, 3, 3)
    return [
        Case(
            "max_pool",
            [7, 8, 10, 11],
            [node("MaxPool", ["x"], ["y"], kernel_shape=[3, 2], pads=[1, 0, 1, 1], strides=[2, 1])],
        ),
        Case(
            "max_pool_indices",
            [8],
            [node("MaxPool", ["x"], ["y", "i"], kernel_shape=[2, 2], strides=[2, 2])],
            outputs={"y": FLOAT, "i": INT64},
        ),
        Case("max_pool_ceil", [10], [node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[2, 4], ceil_mode=1)]),
        Case("average_pool", [7, 11], [node("AveragePool", ["x"], ["y"], kernel_shape=[3, 2], pads=[1, 0, 1, 1])]),
        Case(
            "average_pool_padded",
            [7, 10],
            [node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)],
        ),
        Case(
            "average_pool_ceil",
            [10, 11],
            [node("AveragePool", ["x"], ["y"], kernel_shape=[2, 2], strides=[2, 4], ceil_mode=1)],
        ),
        Case("average_pool_same", [7], [node("AveragePool", ["x"], ["y"], kernel_shape=[2, 3], auto_pad="SAME_UPPER")]),
        Case("lp_pool", [7, 11], [node("LpPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[1, 2], p=3)]),
        Case(
            "global_pools",
            [7],
            [
                node("GlobalAveragePool", ["x"], ["a"]),
                node("GlobalMaxPool", ["x"], ["m"]),
                node("Add", ["a", "m"], ["y"]),
            ],
        ),
        Case(
            "conv_transpose_same",
            [7, 11],
            [node("ConvTranspose", ["x", "w"], ["y"], group=2, strides=[2, 2], auto_pad="SAME_UPPER")],
            {"w": weight},
        ),
        Case(
            "conv_transpose_shape",
            [10],
            [node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 3], output_shape=[11, 19])],
            {"w": weight},
        ),
        Case("conv", [7, 11], [node("Conv", ["x", "w"], ["y"], group=2, auto_pad="SAME_LOWER")], {"w": weight}),
    ]


def arithmetic() -> list[Case]:
    return [
        Case(
            "gemm",
            [7, 9],
            [node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "w", "c"], ["y"], transB=1, alpha=0.5, beta=2.0)],
            {"w": drawn(3, 120), "c": drawn(3)},
        ),
        Case(
            "gemm_without_c",
            [11],
            [node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "w"], ["y"])],
            {"w": drawn(120, 3)},
        ),
        Case(
            "variadic",
            [8, 12],
            [
                node("Sum", ["x", "c", "x"], ["s"]),
                node("Mean", ["s", "c"], ["m"]),
                node("Max", ["m", "c"], ["a"]),
                node("Min", ["a", "s", "c"], ["y"]),
            ],
            {"c": drawn(4, 1, 1)},
        ),
        Case("pow", [7, 12], [node("Pow", ["x", "p"], ["y"])], {"p": f32(2)}),
        Case(
            "where_equal",
            [9, 11],
            [node("Greater", ["x", "half"], ["g"]), node("Where", ["g", "x", "half"], ["y"])],
            {"half": np.float32(0.5)},
        ),
        Case("mod", [10], [node("Mod", ["x", "d"], ["y"], fmod=1)], {"d": f32(0.3)}),
        Case(
            "is_inf",
            [10],
            [node("Div", ["x", "zero"], ["d"]), node("IsInf", ["d"], ["y"])],
            {"zero": f32(0)},
            outputs={"y": BOOL},
        ),
        Case("cast", [7, 9, 13], [node("Cast", ["x"], ["i"], to=INT64), node("Cast", ["i"], ["y"], to=FLOAT)]),
        Case("cum_sum", [11], [node("CumSum", ["x", "axis"], ["y"], reverse=1)], {"axis": np.array(1, np.int64)}),
    ]


def constants() -> list[Case]:
    def plus(*values: NodeProto) -> list[NodeProto]:
        return [*values, node("Add", ["x", values[-1].output[0]], ["y"])]

    tensor = numpy_helper.from_array(drawn(4, 1, 1))
    return [
        Case("constant_tensor", [7, 11], plus(node("Constant", [], ["c"], value=tensor))),
        Case("constant_float", [12], plus(node("Constant", [], ["c"], value_float=0.1))),
        Case("constant_floats", [12], plus(node("Constant", [], ["c"], value_floats=[0.1, 2, 3, 4, 5, 6]))),
        Case(
            "constant_int", [13], plus(node("Constant", [], ["i"], value_int=7), node("Cast", ["i"], ["c"], to=FLOAT))
        ),
        Case(
            "constant_ints",
            [13],
            plus(node("Constant", [], ["i"], value_ints=[7] * 6), node("Cast", ["i"], ["c"], to=FLOAT)),
        ),
        Case("constant_output", [12], [node("Relu", ["x"], ["r"]), node("Constant", [], ["y"], value=tensor)]),
        Case(
            "constant_of_shape",
            [9, 20],
            plus(node("ConstantOfShape", ["s"], ["c"], value=numpy_helper.from_array(f32(0.5)))),
            {"s": i64(5, 6)},
        ),
    ]


def control() -> list[Case]:
    yes = branch("then", [node("Clip", ["x"], ["t"], max=0.5), node("Unsqueeze", ["t"], ["yes"], axes=[0])], "yes")
    no = branch(
        "else",
        [
            node("Constant", [], ["k"], value=numpy_helper.from_array(drawn(6))),
            node("Mul", ["x", "k"], ["u"]),
            node("Unsqueeze", ["u"], ["no"], axes=[0]),
        ],
        "no",
    )
    body = helper.make_graph(
        [
            node("Slice", ["state"], ["part"], starts=[0], ends=[1], axes=[2]),
            node("Add", ["state", "part"], ["next"]),
            node("Identity", ["keep"], ["going"]),
            node("ReduceSum", ["next"], ["sum"], axes=[1, 2, 3], keepdims=0),
        ],
        "body",
        [info("i", INT64, ()), info("keep", BOOL, ()), info("state", FLOAT, IMAGE)],
        [info("going", BOOL, ()), info("next", FLOAT, IMAGE), info("sum", FLOAT, (1,))],
    )
    scan = helper.make_graph(
        [
            node("Softmax", ["row"], ["soft"], axis=0),
            node("Add", ["total", "soft"], ["more"]),
            node("Identity", ["more"], ["seen"]),
        ],
        "scan",
        [info("total", FLOAT, (4, 5)), info("row", FLOAT, (4, 5))],
        [info("more", FLOAT, (4, 5)), info("seen", FLOAT, (4, 5))],
    )
    return [
        Case(
            "if",
            [7, 10],
            [node("If", ["c"], ["y"], then_branch=yes, else_branch=no)],
            inputs={"x": (FLOAT, IMAGE), "c": (BOOL, ())},
        ),
        Case(
            "if_not",
            [10],
            [node("Not", ["c"], ["d"]), node("If", ["d"], ["y"], then_branch=yes, else_branch=no)],
            inputs={"x": (FLOAT, IMAGE), "c": (BOOL, ())},
        ),
        Case(
            "loop",
            [8, 9],
            [node("Loop", ["n", "on", "x"], ["y", "sums"], body=body)],
            {"n": np.array(3, np.int64), "on": np.bool_(True)},
            outputs={"y": FLOAT, "sums": FLOAT},
        ),
        Case(
            "scan",
            [9, 11],
            [node("Scan", ["zero", "x"], ["y", "all"], body=scan, num_scan_inputs=1)],
            {"zero": np.zeros((4, 5), np.float32)},
            inputs={"x": (FLOAT, (3, 4, 5))},
            outputs={"y": FLOAT, "all": FLOAT},
        ),
    ]


def write(case: Case, opset: int) -> None:
    graph = helper.make_graph(
        case.nodes,
        case.name,
        [info(name, kind, shape) for name, (kind, shape) in case.inputs.items()],
        [info(name, kind) for name, kind in case.outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in case.constants.items()],
    )
    # IR 4 is the first in which initializers need not be inputs.
    model = helper.make_model(
        graph,
        ir_version=max(4, helper.find_min_ir_version_for([helper.make_opsetid("", opset)])),
        opset_imports=[helper.make_opsetid("", opset)],
        producer_name="",
    )
    (FOLDER / f"{case.name}.{opset}.onnx").write_bytes(model.SerializeToString())


FAMILIES = [movement, reduction, activation, normalization, sampling, windows, arithmetic, constants, control]

if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.onnx"):
        old.unlink()
    for family in FAMILIES:
        for case in family():
            for opset in case.opsets:
                write(case, opset)
