"""Opens height and width of a convolutional ONNX model whose input is fixed, so that it takes crops.

    python tools/open_size.py MODEL OUT
"""

import sys

import onnx


def main(source: str, target: str) -> None:
    model = onnx.load(source)
    del model.graph.value_info[:]
    for value in [*model.graph.input, *model.graph.output]:
        for dim, name in zip(value.type.tensor_type.shape.dim[2:], ("height", "width"), strict=True):
            dim.dim_param = name
    onnx.checker.check_model(model)
    onnx.save(model, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
