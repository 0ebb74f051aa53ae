"""Quantises a float ONNX model with ONNX Runtime's own quantiser, for docs/quantised.md.

    python tools/quantise.py espnet_camvid.onnx CamVid/train OUT

writes OUT/qdq.onnx (int8 activations and weights, QuantizeLinear and DequantizeLinear), OUT/qoperator.onnx (uint8
activations, QLinearConv and its kind) and OUT/dynamic.onnx (ranges measured at run time). Static ranges come from the
first 32 images of the folder, resized to the model's input, RGB in [0, 1].

Needs onnx, onnxruntime and Pillow.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
    shape_inference,
)
from PIL import Image

CALIBRATION_IMAGES = 32


class Images(CalibrationDataReader):
    def __init__(self, folder: Path, name: str, height: int, width: int):
        files = sorted(folder.glob("*.png"))[:CALIBRATION_IMAGES]
        self.feeds = ({name: self.read(file, height, width)} for file in files)

    @staticmethod
    def read(file: Path, height: int, width: int) -> np.ndarray:
        image = Image.open(file).convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
        return np.asarray(image, dtype=np.float32).transpose(2, 0, 1)[None] / 255

    def get_next(self):
        return next(self.feeds, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)

    prepared = given.out / "prepared.onnx"
    shape_inference.quant_pre_process(str(given.model), str(prepared), skip_symbolic_shape=True)
    info = onnx.load(str(prepared)).graph.input[0]
    height, width = (axis.dim_value for axis in info.type.tensor_type.shape.dim[2:])

    def static(file: str, **options) -> None:
        images = Images(given.images, info.name, height, width)
        quantize_static(str(prepared), str(given.out / file), images, calibrate_method=CalibrationMethod.MinMax, **options)

    static(
        "qdq.onnx",
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
    )
    static(
        "qoperator.onnx",
        quant_format=QuantFormat.QOperator,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    quantize_dynamic(str(prepared), str(given.out / "dynamic.onnx"), weight_type=QuantType.QUInt8)


main()
