"""Compares quantised models with their float model, by graphs that `seawall grad --loss ce` wrote.

    python tools/compare_quantised.py FLOAT.grad.onnx IMAGES LABELS M.onnx=M.grad.onnx…

For the first six images of the folder: whether the logits of each graph are those that ONNX Runtime computes of the file
itself, to the bit; and the cosine of its gradient to the float model's, with its range.

Needs numpy, onnxruntime and Pillow.
"""

import argparse
from pathlib import Path

import numpy as np
import onnxruntime as ort
from PIL import Image

IMAGES = 6
VOID = 11


def session(file: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    return ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def read(file: Path, labels: Path) -> dict[str, np.ndarray]:
    image = np.asarray(Image.open(file).convert("RGB"), dtype=np.float32).transpose(2, 0, 1)[None] / 255
    label = np.asarray(Image.open(labels / file.name), dtype=np.int64)[None]
    return {"image": image, "labels": np.where(label == VOID, -1, label)}


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    x, y = (value.astype(np.float64).ravel() for value in (a, b))
    return float(x @ y / np.linalg.norm(x) / np.linalg.norm(y))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("float")
    parser.add_argument("images", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("models", nargs="+")
    given = parser.parse_args()
    feeds = [read(file, given.labels) for file in sorted(given.images.glob("*.png"))[:: 17][:IMAGES]]
    reference = session(given.float)
    wanted = [reference.run(["grad"], feed)[0] for feed in feeds]
    print("| model | logits equal to the file's | cosine to the float gradient |\n|---|---|---|")
    for pair in given.models:
        file, graph = pair.split("=")
        own, differentiated = session(file), session(graph)
        equal, cosines = True, []
        for feed, gradient in zip(feeds, wanted, strict=True):
            logits, found = differentiated.run(["logits", "grad"], feed)
            equal &= np.array_equal(logits, own.run(None, {own.get_inputs()[0].name: feed["image"]})[0])
            cosines.append(cosine(found, gradient))
        mean = np.mean(cosines)
        print(f"| `{Path(file).name}` | {'yes' if equal else 'NO'} | {mean:.2f} ({min(cosines):.2f} to {max(cosines):.2f}) |")


main()
