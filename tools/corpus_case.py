"""What every maker of cases for `corpus.py` hands over."""

import dataclasses
from collections.abc import Callable
from pathlib import Path


@dataclasses.dataclass
class Case:
    """
    One exported model. `make` writes `model.onnx` and the folder `reference` (tensor_folder.py: `image` 1×3×H×W,
    `labels` 1×H×W, `logits` and the gradients `grad` in float64 and `grad32`), and returns further facts.
    """

    name: str
    facts: dict
    make: Callable[[Path], dict]


def facts(architecture: str, library: str, exporter: str, size: int, note: str = "", output: str | None = None) -> dict:
    return dict(architecture=architecture, library=library, exporter=exporter, size=size, note=note, output=output)
