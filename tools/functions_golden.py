"""Writes test/golden/functions/*.onnx: small models with model-local functions.

    python tools/functions_golden.py

test/onnx/functions.test.ts runs each as it is and as Seawall reads it; those in `beyond/` only as
Seawall reads it; those in `refused/` it must refuse.
"""

from pathlib import Path

import numpy as np
from onnx import AttributeProto, FunctionProto, NodeProto, TensorProto, helper, numpy_helper

FOLDER = Path(__file__).resolve().parent.parent / "test/golden/functions"
SHAPE = [2, 3]
node = helper.make_node
STANDARD = [helper.make_opsetid("", 18)]
OWN = helper.make_opsetid("own", 1)


def refer(made: NodeProto, **attributes: tuple[str, int]) -> NodeProto:
    """Lets attributes of a node take the values that the function's caller gives."""
    for name, (parameter, kind) in attributes.items():
        made.attribute.append(AttributeProto(name=name, ref_attr_name=parameter, type=kind))
    return made


def function(name: str, inputs: list[str], outputs: list[str], nodes: list[NodeProto], **more) -> FunctionProto:
    return helper.make_function("own", name, inputs, outputs, nodes, opset_imports=[*STANDARD, OWN], **more)


def call(name: str, inputs: list[str], outputs: list[str], **attributes) -> NodeProto:
    return node(name, inputs, outputs, domain="own", **attributes)


def info(name: str, kind: int = TensorProto.FLOAT, shape: list[int] | None = None):
    return helper.make_tensor_value_info(name, kind, shape)


# leaky(x; slope = 0.1): x above zero, slope · x below; the default can be overridden.
leaky = function(
    "leaky",
    ["x"],
    ["y"],
    [refer(node("LeakyRelu", ["x"], ["y"], name="core"), alpha=("slope", AttributeProto.FLOAT))],
    attribute_protos=[helper.make_attribute("slope", 0.1)],
)
# Twice the same function inside another, a value named like one of the caller's, and an unnamed node.
twice = function(
    "twice",
    ["x"],
    ["y"],
    [
        node("Constant", [], ["half"], value_float=0.5),
        node("Sub", ["x", "half"], ["shifted"]),
        call("leaky", ["shifted"], ["mid"], slope=0.5),
        call("leaky", ["mid"], ["y"]),
    ],
)
# Inputs that may be left out.
bounded = function("bounded", ["x", "low", "high"], ["y"], [node("Clip", ["x", "low", "high"], ["y"])])
# An output that is an input, and one that is listed twice.
passing = function("passing", ["x"], ["x", "y", "y"], [node("Neg", ["x"], ["y"])])
# An attribute without default, here left out: the operator's own default holds.
averaged = function(
    "averaged",
    ["x"],
    ["y"],
    [refer(node("ReduceMean", ["x"], ["y"]), keepdims=("keep", AttributeProto.INT))],
    attributes=["keep"],
)
# Graphs inside the body read values of the body around them, and call functions.
chosen = function(
    "chosen",
    ["x"],
    ["y"],
    [
        node("ReduceSum", ["x"], ["sum"], keepdims=0),
        node("Constant", [], ["bound"], value_float=2.5),
        node("Greater", ["sum", "bound"], ["large"]),
        node("Neg", ["x"], ["outer"]),
        node(
            "If",
            ["large"],
            ["y"],
            then_branch=helper.make_graph([call("twice", ["outer"], ["inner"])], "then", [], [info("inner")]),
            else_branch=helper.make_graph([node("Exp", ["outer"], ["inner"])], "else", [], [info("inner")]),
        ),
    ],
)


def model(nodes: list[NodeProto], functions: list[FunctionProto], outputs: list[str], imports=STANDARD):
    constants = [numpy_helper.from_array(np.float32(0.4), "low"), numpy_helper.from_array(np.float32(0.6), "high")]
    inputs = [info("x", TensorProto.FLOAT, SHAPE)]
    graph = helper.make_graph(nodes, "main", inputs, [info(name) for name in outputs], constants)
    return helper.make_model(graph, functions=functions, opset_imports=[*imports, OWN], ir_version=10)


def overloaded(overload: str, op: str) -> FunctionProto:
    made = function("either", ["x"], ["y"], [node(op, ["x"], ["y"])])
    made.overload = overload
    return made


def either(overload: str, output: str) -> NodeProto:
    made = call("either", ["x"], [output])
    made.overload = overload
    return made


def doubling(levels: int) -> list[FunctionProto]:
    """Each calls the one before it twice: 2^levels nodes."""
    first = function("f0", ["x"], ["y"], [node("Neg", ["x"], ["y"])])
    return [
        first,
        *[
            function(f"f{i}", ["x"], ["y"], [call(f"f{i - 1}", ["x"], ["m"]), call(f"f{i - 1}", ["m"], ["y"])])
            for i in range(1, levels)
        ],
    ]


legal = {
    "attributes": model(
        [call("leaky", ["low"], ["a"]), call("leaky", ["x"], ["b"], slope=2.0), node("Sub", ["b", "a"], ["y"])],
        [leaky],
        ["y"],
    ),
    "nested": model([call("twice", ["x"], ["half"]), call("twice", ["half"], ["y"])], [twice, leaky], ["y"]),
    "inputs": model(
        [
            call("bounded", ["x", "low", "high"], ["a"]),
            call("bounded", ["x", "", "high"], ["b"]),
            call("bounded", ["x"], ["c"]),
            node("Sum", ["a", "b", "c"], ["y"]),
        ],
        [bounded],
        ["y"],
    ),
    "default": model([call("averaged", ["x"], ["y"])], [averaged], ["y"]),
    "graphs": model(
        [call("chosen", ["x"], ["a"]), node("Neg", ["a"], ["n"]), call("chosen", ["n"], ["y"])],
        [chosen, twice, leaky],
        ["y"],
    ),
    "overloads": model(
        [either("a", "p"), either("b", "q"), node("Add", ["p", "q"], ["y"])],
        [overloaded("a", "Exp"), overloaded("b", "Neg")],
        ["y"],
    ),
}
# Legal, but refused by ONNX Runtime.
beyond = {
    "passing": model(
        [call("passing", ["x"], ["a", "b", "c"]), call("passing", ["x"], ["", "d"])], [passing], ["a", "b", "c", "d"]
    )
}
refused = {
    "recursion": model(
        [call("f", ["x"], ["y"])],
        [
            function("f", ["x"], ["y"], [call("g", ["x"], ["y"])]),
            function("g", ["x"], ["y"], [call("f", ["x"], ["y"])]),
        ],
        ["y"],
    ),
    "doubling": model([call("f39", ["x"], ["y"])], doubling(40), ["y"]),
    "arity": model([call("leaky", ["x", "x"], ["y"])], [leaky], ["y"]),
    "opset": model(
        [call("soft", ["x"], ["y"])],
        [
            helper.make_function(
                "own", "soft", ["x"], ["y"], [node("Softmax", ["x"], ["y"])], [helper.make_opsetid("", 11)]
            )
        ],
        ["y"],
    ),
}

if __name__ == "__main__":
    for folder, models in {".": legal, "beyond": beyond, "refused": refused}.items():
        (FOLDER / folder).mkdir(parents=True, exist_ok=True)
        for name, made in models.items():
            (FOLDER / folder / f"{name}.onnx").write_bytes(made.SerializeToString())
