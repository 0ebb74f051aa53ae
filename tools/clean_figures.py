"""Clean figures of a model on CamVid, computed by hand: ONNX Runtime, NumPy and Pillow, nothing of Seawall.

    python tools/clean_figures.py MODEL.onnx CAMVID [--split val] [--limit N] [--result runs/first/result.json]

Prints aAcc (mean over images), aAccPooled, mAcc and mIoU over the whole set; 11 is void. With --result it compares them
with the `clean` figures of a stored run and exits with 1 if one differs by more than 1e-9.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

CLASSES, VOID = 11, 11


def confusion(prediction: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Rows are labels, columns predictions; void pixels are left out."""
    counted = labels != VOID
    pairs = CLASSES * labels[counted].astype(np.int64) + prediction[counted]
    return np.bincount(pairs, minlength=CLASSES**2).reshape(CLASSES, CLASSES)


def figures(matrices: list[np.ndarray]) -> dict[str, float]:
    """The figures of the images' confusion matrices."""
    total = sum(matrices)
    correct, labels, predicted = np.diag(total), total.sum(1), total.sum(0)
    union = labels + predicted - correct
    return {
        "aAcc": float(np.mean([np.trace(m) / m.sum() for m in matrices])),
        "aAccPooled": float(correct.sum() / labels.sum()),
        "mAcc": float(np.mean(correct[labels > 0] / labels[labels > 0])),
        "mIoU": float(np.mean(correct[union > 0] / union[union > 0])),
    }


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("camvid", type=Path)
    parser.add_argument("--split", default="val")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--result", type=Path)
    arguments = parser.parse_args()

    session = onnxruntime.InferenceSession(arguments.model, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    matrices = []
    for image in sorted((arguments.camvid / arguments.split).glob("*.png"))[: arguments.limit]:
        pixels = np.asarray(Image.open(image).convert("RGB"), np.float32).transpose(2, 0, 1)[None] / 255
        labels = np.asarray(Image.open(arguments.camvid / f"{arguments.split}annot" / image.name))
        matrices.append(confusion(session.run(None, {name: pixels})[0][0].argmax(0), labels))

    by_hand = figures(matrices)
    stored = json.loads(arguments.result.read_text())["clean"] if arguments.result else by_hand
    for figure, value in by_hand.items():
        print(f"{figure:12} {value:.6f}   stored {stored[figure]:.6f}   difference {abs(value - stored[figure]):.1e}")
    if any(abs(value - stored[figure]) > 1e-9 for figure, value in by_hand.items()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
