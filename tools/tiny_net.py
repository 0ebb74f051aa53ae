"""The tiny network of the golden attacks: seeded weights, two images, labels it gets partly wrong.

Conv 3×3 stride 2 → Relu → Conv 3×3 → Relu → Conv 1×1 → Resize ×2 (linear, half_pixel): 3×24×32 images to logits of
3 classes at the same size, batch size open. The weights are drawn, not trained; their scale is such that a radius of
4/255 flips some pixels and leaves others.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from onnx_torch import load
from segmenter import open_segmenter

SIZE = (24, 32)
WIDTH, CLASSES = 12, 3


def write_model(path: Path) -> None:
    """The network as an ONNX file of opset 13."""
    random = np.random.default_rng(1)

    def draw(name: str, *shape: int, gain: float) -> TensorProto:
        weights = random.standard_normal(shape) * gain / np.sqrt(np.prod(shape[1:]))
        if shape[2:] == (3, 3) and shape[1] == 3:
            # The first layer looks at edges more than at brightness, so that small perturbations count.
            weights -= 0.6 * weights.mean((2, 3), keepdims=True)
        return numpy_helper.from_array(weights.astype(np.float32), name)

    def bias(name: str, size: int) -> TensorProto:
        return numpy_helper.from_array((random.standard_normal(size) * 0.1).astype(np.float32), name)

    parameters = [
        draw("conv1.weight", WIDTH, 3, 3, 3, gain=3.0),
        bias("conv1.bias", WIDTH),
        draw("conv2.weight", WIDTH, WIDTH, 3, 3, gain=2.0),
        bias("conv2.bias", WIDTH),
        draw("head.weight", CLASSES, WIDTH, 1, 1, gain=3.0),
        bias("head.bias", CLASSES),
        numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales"),
    ]
    nodes = [
        _conv("conv1", "image", "conv1.out", strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["conv1.out"], ["relu1.out"], "relu1"),
        _conv("conv2", "relu1.out", "conv2.out", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["conv2.out"], ["relu2.out"], "relu2"),
        _conv("head", "relu2.out", "head.out"),
        helper.make_node(
            "Resize",
            ["head.out", "", "scales"],
            ["logits"],
            "upsample",
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        ),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, *SIZE])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CLASSES, *SIZE])
    graph = helper.make_graph(nodes, "tiny", [image], [logits], parameters)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


def _conv(name: str, source: str, target: str, **attributes) -> onnx.NodeProto:
    return helper.make_node("Conv", [source, f"{name}.weight", f"{name}.bias"], [target], name, **attributes)


def images() -> torch.Tensor:
    """Two 3×24×32 images of byte values / 255, smooth with some noise."""
    random = np.random.default_rng(11)
    rows, columns = np.mgrid[0:1:24j, 0:1:32j]
    pictures = []
    for _ in range(2):
        a, b, c, d = random.uniform(2, 9, (4, 3, 1, 1))
        waves = 0.5 + 0.28 * np.sin(a * rows + b) + 0.22 * np.sin(c * columns + d * rows)
        pictures.append(waves + 0.06 * random.standard_normal(waves.shape))
    quantised = np.round(np.clip(np.stack(pictures), 0, 1) * 255).astype(np.float32)
    return torch.from_numpy(quantised) / 255


def labels(model: Path) -> torch.Tensor:
    """The network's own prediction, with a wrong block and an ignored one (−1) in each image."""
    with torch.no_grad():
        predicted = open_segmenter(load(model))(images()).argmax(1)
    predicted[:, 4:9, 20:28] = (predicted[:, 4:9, 20:28] + 1) % CLASSES
    predicted[0, 18:22, 2:9] = -1
    predicted[1, :3, :] = -1
    return predicted
