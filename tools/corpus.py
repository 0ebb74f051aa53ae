"""Real exported segmentation models with random weights: does Seawall open them, and are its gradients right?

    python tools/corpus.py make FOLDER     exports the models, each with reference gradients
    python tools/corpus.py check FOLDER    opens each with the built product and compares the gradients
    python tools/corpus.py table FOLDER    prints docs/corpus.md

FOLDER keeps every finished model and check, so that a command that was interrupted goes on; `--only WORD` takes the
cases whose name holds the word, `--again` repeats them. `make` makes the models of the frameworks that can be imported,
so it can be run once with each of several Python environments: PyTorch's, TensorFlow's, Paddle's. `check` needs PyTorch
and a built dist/.

The objective is the mean cross-entropy against random labels, at a random image. Two gradients are compared with
autograd in float64: that of the file `seawall grad` writes, run by ONNX Runtime, and that which an attack gets. The
error is ‖g − autograd‖₂ / ‖autograd‖₂, the larger one of the two.
"""

import argparse
import importlib
import json
import subprocess
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

import corpus_table

FRAMEWORKS = ("torch", "keras", "paddle")
ROOT = Path(__file__).resolve().parent.parent
LONGEST = 600


def cases() -> Iterator:
    """The cases of the frameworks that are installed."""
    for framework in FRAMEWORKS:
        try:
            module = importlib.import_module(f"corpus_{framework}")
        except ImportError as lack:
            print(f"{framework}: left out, {lack}")
            continue
        yield from module.cases()


def make(folder: Path, only: str, again: bool) -> None:
    for case in cases():
        place = folder / case.name
        if only not in case.name or (is_made(place) and not again):
            continue
        place.mkdir(parents=True, exist_ok=True)
        try:
            failure = None
            meta = case.make(place)
        except Exception as error:
            (place / "failure.txt").write_text(traceback.format_exc())
            failure, meta = f"{type(error).__name__}: {first_line(error)}", {}
        (place / "case.json").write_text(json.dumps({**case.facts, **meta, "failure": failure}, indent=1))
        print(f"{case.name}: {failure or 'made'}", flush=True)


def is_made(place: Path) -> bool:
    """Whether a case was exported; one whose export failed is tried again."""
    path = place / "case.json"
    return path.exists() and json.loads(path.read_text())["failure"] is None


def first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else ""


def check(folder: Path, only: str, again: bool) -> None:
    import corpus_compare

    for place in sorted(path.parent for path in folder.glob("*/case.json")):
        facts = json.loads((place / "case.json").read_text())
        known = (place / "result.json").exists() and not again
        if only not in place.name or facts["failure"] or known:
            continue
        opened = open_case(place)
        result = opened if "refused" in opened or "crashed" in opened else corpus_compare.compare(place, opened)
        (place / "result.json").write_text(json.dumps(result, indent=1))
        print(f"{place.name}: {corpus_table.summary(result)}", flush=True)


def open_case(place: Path) -> dict:
    """What the product says of a case; `crashed` where it says nothing."""
    command = ["node", str(ROOT / "tools/corpus_open.mjs"), str(place)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return {"crashed": f"still running after {LONGEST} s"}
    if done.returncode != 0:
        return {"crashed": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    return json.loads((place / "opened.json").read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["make", "check", "table"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--again", action="store_true")
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    if given.command == "table":
        print(corpus_table.page(given.folder), end="")
    elif given.command == "make":
        make(given.folder, given.only, given.again)
    else:
        check(given.folder, given.only, given.again)


if __name__ == "__main__":
    main()
