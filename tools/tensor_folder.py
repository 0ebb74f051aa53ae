"""The format in which tensors pass between Python and TypeScript: a folder of raw files.

`meta.json` holds what is known about the tensors, and under "tensors" one entry per tensor:

    {"tensors": {"image": {"file": "image.bin", "type": "float32", "dims": [1, 3, 24, 32]}}, ...}

A `.bin` file is the tensor in row-major order, little-endian, without header. Types are named as in ONNX:
float32, float64, int64, int32, uint8, int8, bool.
"""

import json
from pathlib import Path

import numpy as np


def write(folder: str | Path, meta: dict, tensors: dict) -> None:
    """Writes the tensors and a `meta.json` with `meta` and their shapes; replaces files of the same name."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    entries = {}
    for name, tensor in tensors.items():
        array = np.ascontiguousarray(_array(tensor))
        array.astype(array.dtype.newbyteorder("<")).tofile(folder / f"{name}.bin")
        entries[name] = {"file": f"{name}.bin", "type": array.dtype.name, "dims": list(array.shape)}
    (folder / "meta.json").write_text(json.dumps({**meta, "tensors": entries}, indent=1) + "\n")


def read(folder: str | Path) -> tuple[dict, dict[str, np.ndarray]]:
    """The meta data of a folder and its tensors by name."""
    folder = Path(folder)
    meta = json.loads((folder / "meta.json").read_text())
    tensors = {name: read_raw(folder / e["file"], e["type"], e["dims"]) for name, e in meta["tensors"].items()}
    return meta, tensors


def read_raw(path: str | Path, type_name: str, dims: list[int]) -> np.ndarray:
    """One raw file as an array; its size must be that of the shape."""
    values = np.fromfile(path, np.dtype(type_name).newbyteorder("<"))
    if values.size != np.prod(dims, dtype=int):
        raise SystemExit(f"{path}: expected {type_name} of shape {dims}, the file holds {values.size} values")
    return values.astype(type_name).reshape(dims)


def _array(tensor) -> np.ndarray:
    """A NumPy array or a PyTorch tensor; without importing PyTorch, which not every caller has."""
    return tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else np.asarray(tensor)
