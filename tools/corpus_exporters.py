"""Exporters of PyTorch, and the tools that people pass an exported file through, for `corpus.py`.

A route names an exporter and what follows: `torchscript-17`, `dynamo-18-open` (height and width stay open),
`torchscript-17+onnxsim`.
"""

import shutil
from pathlib import Path

import onnx
import torch


def export(network: torch.nn.Module, image: torch.Tensor, outputs: tuple[str, ...], exporter: str, path: Path) -> None:
    """Writes a network to `path` with one of PyTorch's exporters."""
    kind, opset, *openness = exporter.split("-")
    names = dict(input_names=["image"], output_names=list(outputs), opset_version=int(opset))
    if kind == "torchscript":
        axes = {name: {2: "height", 3: "width"} for name in ("image", *outputs)} if openness else None
        torch.onnx.export(network, (image,), str(path), dynamo=False, dynamic_axes=axes, **names)
    else:
        auto = torch.export.Dim.AUTO
        shapes = ({2: auto, 3: auto},) if openness else None
        torch.onnx.export(
            network,
            (image,),
            str(path),
            dynamo=True,
            dynamic_shapes=shapes,
            external_data=False,
            verbose=False,
            **names,
        )


def onnxsim(source: Path, target: Path) -> None:
    import onnxsim

    simplified, sound = onnxsim.simplify(onnx.load(source))
    if not sound:
        raise RuntimeError("onnxsim: the simplified model differs")
    onnx.save(simplified, target)


def onnxslim(source: Path, target: Path) -> None:
    import onnxslim

    onnxslim.slim(str(source), str(target))


def float16(source: Path, target: Path) -> None:
    from onnxconverter_common import float16

    onnx.save(float16.convert_float_to_float16(onnx.load(source)), target)


def int8(source: Path, target: Path) -> None:
    """ONNX Runtime's own quantiser: QDQ, int8 weights and activations, ranges from images of noise."""
    import numpy as np
    from onnxruntime import quantization

    images = np.random.default_rng(0)
    axes = onnx.load(source).graph.input[0].type.tensor_type.shape.dim
    shape = [axis.dim_value for axis in axes]
    feeds = iter([{"image": images.random(shape, np.float32)} for _ in range(8)])

    class Noise(quantization.CalibrationDataReader):
        def get_next(self):
            return next(feeds, None)

    prepared = target.with_suffix(".prepared.onnx")
    quantization.shape_inference.quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    kind = quantization.QuantType.QInt8
    quantization.quantize_static(
        str(prepared), str(target), Noise(), activation_type=kind, weight_type=kind, per_channel=True
    )
    prepared.unlink()


def onnxruntime_offline(level: str):
    """ONNX Runtime's own optimizer, which writes fused operators. `all` adds memory layouts of one machine."""

    def optimize(source: Path, target: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, f"ORT_ENABLE_{level.upper()}")
        options.optimized_model_filepath = str(target)
        onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])

    return optimize


PASSES = {
    "onnxsim": onnxsim,
    "onnxslim": onnxslim,
    "float16": float16,
    "int8": int8,
    "ort": onnxruntime_offline("extended"),
    "ort-all": onnxruntime_offline("all"),
}

# How the table calls them.
TITLES = {
    "torchscript": "TorchScript",
    "dynamo": "dynamo",
    "onnxsim": "onnxsim",
    "onnxslim": "onnxslim",
    "float16": "float16",
    "int8": "ONNX Runtime's quantiser (int8 QDQ)",
    "ort": "ONNX Runtime (extended)",
    "ort-all": "ONNX Runtime (all)",
}


def title(route: str) -> str:
    """`torchscript-17-open+ort` as "TorchScript 17, open size + ONNX Runtime (extended)"."""
    exporter, *passes = route.split("+")
    kind, *rest = exporter.split("-")
    words = [TITLES.get(kind, kind), *(part for part in rest if part != "open")]
    name = " ".join(words) + (", open size" if "open" in rest else "")
    return " + ".join([name, *(TITLES[one] for one in passes)])


def apply_passes(source: Path, route: str, target: Path) -> None:
    """Writes to `target` what the passes of a route make of `source`."""
    path = source
    for name in route.split("+")[1:]:
        PASSES[name](path, target)
        path = target
    if path is source:
        shutil.copy(source, target)
