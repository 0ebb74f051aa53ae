"""The page docs/corpus.md, printed from the results of `corpus.py check`."""

import json
import textwrap
from collections import Counter
from pathlib import Path

TOLERANCE = 1e-4

TEXT = """\
<!-- Printed by tools/corpus.py; see there. -->
# Exported models

Real segmentation networks with random weights, exported as people export them, opened with Seawall.
{counts}

Each row is a file. The objective is the mean cross-entropy at a random image with random labels. The error is
‖g − g₆₄‖₂ / ‖g₆₄‖₂, where g₆₄ is the gradient by the framework's own autograd in float64, through the network that was
exported. The error is the larger one of two gradients: that of the file that `seawall grad` writes, and that which an
attack of `seawall eval` follows. The last column but one is the same error of the framework's own float32 gradient.
Up to {tolerance:.0e} a gradient counts as right.

Weights are drawn so that signals keep their size, the softmax is not saturated and the gradient is not flat. Of up to
six images, the one is taken where the framework's float32 is closest to float64. A gradient jumps at kinks (Relu,
MaxPool), and float32 puts some activations of a network on the other side. Where that happens in a row, the note says
so: with the error of the same written graph at this image when PyTorch runs it in float64, and with its float32 error
at another image, where float64 by PyTorch is the reference again. Up to twenty other images are tried, until one is
within the tolerance; the smallest error is printed.

A quantised model computes another function than its float network. Its gradient is an estimate, straight through the
rounding, and the note says how far it is from that of the float network: 0 is equal, 1 or more is unrelated.

```sh
python tools/corpus.py make FOLDER    # in an environment with PyTorch; again in one with Keras, and one with Paddle
npm run build && python tools/corpus.py check FOLDER
python tools/corpus.py table FOLDER > docs/corpus.md
```

| model | library | exporter | opens | error | float32 of the framework | note |
|---|---|---|---|---|---|---|
{rows}

## Files that are refused

| model | exporter | reason |
|---|---|---|
{refusals}
"""


def verdict(result: dict) -> str:
    """
    `right`, `float32` (the framework's own float32 gradient, which is further than the tolerance from float64), `kinks`
    (right in float64, and in float32 at another image or no worse than the framework's float32), `imprecise`
    (right in float64 alone), `wrong`, `estimate` (a quantised model), `refused` or `crashed`.
    """
    for name in ("refused", "crashed", "estimate"):
        if name in result:
            return name
    if max(result["errors"].values()) <= TOLERANCE:
        return "right"
    if result.get("against32", 1) <= TOLERANCE:
        return "float32"
    within = result["elsewhere"] <= TOLERANCE or max(result["errors"].values()) <= result["float32"]
    if result["exact"] > TOLERANCE:
        return "wrong"
    return "kinks" if within else "imprecise"


def summary(result: dict) -> str:
    found = verdict(result)
    if found in ("refused", "crashed", "estimate"):
        return f"{found}: {result[found]}"
    errors = ", ".join(f"{name} {error:.1e}" for name, error in result["errors"].items())
    others = [name for name in ("float32", "against32", "exact", "elsewhere", "logits") if name in result]
    more = ", ".join(f"{name} {result[name]:.1e}" for name in others)
    return f"{found}: {errors}, {more}, check {result['check']['verdict']}"


def page(folder: Path) -> str:
    cases = [read(path.parent) for path in sorted(folder.glob("*/case.json"))]
    cases.sort(key=lambda case: (case["architecture"].lower(), case["library"], case["exporter"]))
    checked = [case for case in cases if "result" in case]
    opened = [case for case in checked if is_open(case)]
    refused = [case for case in checked if not is_open(case)]
    return TEXT.format(
        counts=counts(opened, refused),
        tolerance=TOLERANCE,
        rows="\n".join(row(case) for case in opened),
        refusals="\n".join(cells(name(case), case["exporter"], reason(case["result"])) for case in refused) or "none",
    )


def is_open(case: dict) -> bool:
    return "errors" in case["result"] or "estimate" in case["result"]


def read(place: Path) -> dict:
    case = {"name": place.name, **json.loads((place / "case.json").read_text())}
    result = place / "result.json"
    return {**case, "result": json.loads(result.read_text())} if result.exists() and not case["failure"] else case


def counts(opened: list[dict], refused: list[dict]) -> str:
    files = [*opened, *refused]
    architectures = {case["architecture"] for case in files}
    exporters = Counter(case["exporter"].split(" + ")[0].split(",")[0].rsplit(" ", 1)[0] for case in files)
    verdicts = Counter(verdict(case["result"]) for case in opened)
    made = ", ".join(f"{name} {count}" for name, count in exporters.most_common())
    meanings = {
        "right": "right in float32",
        "kinks": "right apart from kinks",
        "float32": "equal to a float32 autograd that is itself far from float64",
        "imprecise": "right in float64 and imprecise in float32 at every image tried",
        "estimate": "estimates, of quantised models",
    }
    right = [f"{verdicts[key]} {meaning}" for key, meaning in meanings.items() if verdicts[key]]
    right.append(f"{verdicts['wrong'] or 'none'} wrong")
    text = (
        f"{len(files)} files of {len(architectures)} architectures, from {len(exporters)} exporters ({made}): "
        f"{len(opened)} open, {len(refused)} are refused. Gradients of those that open: {', '.join(right)}."
    )
    return textwrap.fill(text, 120)


def name(case: dict) -> str:
    return f"{case['architecture']} (`{case['name'].rsplit('.', 1)[0]}`)"


def row(case: dict) -> str:
    result = case["result"]
    error = f"{max(result['errors'].values()):.0e}" if "errors" in result else "estimate"
    return cells(name(case), case["library"], case["exporter"], "yes", error, f"{result['float32']:.0e}", note(case))


def note(case: dict) -> str:
    result = case["result"]
    parts = [case["note"]]
    if case.get("through_file"):
        parts.append(f"compared with autograd through the file: {case['through_file']}")
    if verdict(result) == "float32":
        parts.append(f"{result['against32']:.0e} from autograd in float32, which is far from float64 itself")
    if verdict(result) in ("kinks", "imprecise"):
        parts.append(f"{verdict(result)}: {result['exact']:.0e} in float64, {result['elsewhere']:.0e} at another image")
    if verdict(result) == "wrong":
        parts.append(f"WRONG: {result['exact']:.0e} in float64, {result['elsewhere']:.0e} at another image")
    if "estimate" in result:
        distance = f"{result['estimate']:.2f} from that of the float network"
        parts.append(f"opens; the gradient is an estimate: {distance}")
    elif result["check"]["verdict"] != "agrees":
        parts.append(f"the check of `seawall grad` says: {result['check']['verdict']}")
    return "; ".join(part for part in parts if part)


def reason(result: dict) -> str:
    if "crashed" in result:
        return f"CRASHED: {result['crashed']}"
    # The path of the file comes first in a message, and differs from machine to machine.
    text = result["refused"]
    return text.split("model.onnx: ", 1)[-1]


def cells(*texts: str) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"
