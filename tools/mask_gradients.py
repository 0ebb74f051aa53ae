"""Writes a model with shattered gradients that predicts the same on 8-bit images, for docs/black-box.md.

    python tools/mask_gradients.py MODEL OUT

adds a ripple to the image x, RGB in [0, 1], before the model sees it: x − A·sin(2π·F·x), which is 0 at every grey level.
It moves a value by less than a tenth of a grey level, but its slope is 1 − 8·cos(2π·F·x): the true gradient has the wrong
sign at almost half of the values.

Needs numpy and onnx.
"""

import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

FREQUENCY = 2 * np.pi * 16 * 255
SLOPE = 8


def main() -> None:
    source, out = sys.argv[1:]
    model = onnx.load(source)
    graph = model.graph
    image = graph.input[0].name
    for node in graph.node:
        node.input[:] = ["ripple/image" if name == image else name for name in node.input]
    constants = {"ripple/frequency": FREQUENCY, "ripple/height": SLOPE / FREQUENCY}
    graph.initializer.extend(numpy_helper.from_array(np.array(value, np.float32), name) for name, value in constants.items())
    ripple = [
        helper.make_node("Mul", [image, "ripple/frequency"], ["ripple/angle"]),
        helper.make_node("Sin", ["ripple/angle"], ["ripple/sine"]),
        helper.make_node("Mul", ["ripple/sine", "ripple/height"], ["ripple/shift"]),
        helper.make_node("Sub", [image, "ripple/shift"], ["ripple/image"]),
    ]
    for node in reversed(ripple):
        graph.node.insert(0, node)
    onnx.save(model, out)


main()
