"""Counts the perturbed images of a stored run once more, with PyTorch and none of Seawall, and compares.

    seawall eval … --save-images --out RUN
    python tools/rescore.py RUN MODEL.onnx IMAGES LABELS [--void 11]

IMAGES and LABELS are the folders of pictures and index PNGs from which the run was made; Pillow reads and resizes them.
For each record of the journal, with the perturbed image x + δ as it is stored:

    image      the stored clean image is the picture, to the bit
    ball       max|δ| ≤ ε to 1e-6, it is the record's `maxDelta`, and x + δ lies in [0, 1]
    counts     right pixels, intersection and union of every class are the record's, with the model run by onnx_torch.py
               in float32

A pixel is tied where its two largest logits are within 1e-5 of the largest logit of the image: there two programs may
round to another class. A record whose counts differ by no more than its tied pixels allow is within rounding, and the
table says by how many pixels. Where all counts are equal, aAcc and mIoU of each attack and the worst-case aAcc are made
of them and compared with result.json.

The exit status is 1 if anything else differs. Runs with --mean, --std, --input-range, --bgr, --crop, --window or a map
of labels are not read.
"""

import argparse
import dataclasses
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

from images import load_image, load_labels
from onnx_torch import load
from pixel_losses import first_argmax
from segmenter import Segmenter, open_segmenter

BALL = 1e-6
TIE = 1e-5
UNREAD = ("inputRange", "mean", "std", "bgr", "crop", "resizeShort", "window", "labelMap", "palette", "bands")


@dataclasses.dataclass
class Counts:
    """Of one image: per class, K numbers each; and the pixels whose class depends on rounding."""

    intersection: np.ndarray
    union: np.ndarray
    labels: np.ndarray
    tied: int = 0

    @property
    def accuracy(self) -> float:
        return self.intersection.sum() / self.labels.sum()

    def changed(self, other: "Counts") -> int:
        """The fewest pixels whose class must change to make one of the other."""
        lost = np.abs(self.intersection - other.intersection).sum()
        predicted = [c.union - c.labels + c.intersection for c in (self, other)]
        return max(int(lost), int(np.abs(predicted[0] - predicted[1]).sum() + 1) // 2)


@dataclasses.dataclass
class Row:
    """An attack at a radius: differences of its records from PyTorch's counts, and faults."""

    right: int = 0
    stored: int = 0
    off: int = 0
    tied: int = 0
    farthest: float = 0.0
    faults: list[str] = dataclasses.field(default_factory=list)
    counts: list[Counts] = dataclasses.field(default_factory=list)


class Run:
    """A run folder with perturbed images."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.description = json.loads((folder / "run.json").read_text())
        records = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
        # A round gives some images no steps: their records repeat others.
        self.records = [record for record in records if record.get("steps") != 0]
        self.result = json.loads((folder / "result.json").read_text())
        config = self.description["config"]
        unread = [name for name in UNREAD if config.get(name)]
        if unread or config["labels"] != "truth":
            raise SystemExit(f"{folder}: made with {', '.join(unread) or 'labels self'}, which this tool does not read")
        protocol = self.description["protocol"]
        self.eps = protocol["eps"]
        self.attacks = [member["name"] for member in protocol["members"]]

    def perturbed(self, record: dict) -> torch.Tensor:
        return self._load(record["index"], self.slot(record))

    def clean(self, record: dict) -> torch.Tensor:
        return self._load(record["index"], 0)

    def slot(self, record: dict) -> int:
        """0 is the clean image, then radius by radius, attack by attack."""
        if record["attack"] == "clean":
            return 0
        return 1 + self.eps.index(record["eps"]) * len(self.attacks) + self.attacks.index(record["attack"])

    def _load(self, index: int, slot: int) -> torch.Tensor:
        file = self.folder / "perturbed" / f"{index}-{slot}.npy"
        if not file.exists():
            raise SystemExit(f"{file}: not there; make the run with --save-images from its start")
        return torch.from_numpy(np.load(file, allow_pickle=False)).unsqueeze(0)


def count(model: Segmenter, image: torch.Tensor, labels: torch.Tensor) -> Counts:
    with torch.no_grad():
        logits = model(image)
    counted = labels >= 0
    truth, predicted = (x[counted].numpy() for x in (labels, first_argmax(logits)))
    classes = logits.shape[1]
    rows = [np.bincount(x, minlength=classes) for x in (truth[truth == predicted], predicted, truth)]
    right, guessed, labelled = rows
    first, second = logits.topk(2, 1).values.unbind(1)
    tied = int(((first - second <= TIE * logits.abs().max()) & counted).sum())
    return Counts(right, guessed + labelled - right, labelled, tied)


def stored(record: dict) -> Counts:
    return Counts(*(np.array(record[name]) for name in ("intersection", "union", "labels")))


def radius(text: str) -> float:
    """`4/255` or a decimal."""
    number, _, divisor = text.partition("/")
    return float(number) / float(divisor or 1)


def check(run: Run, model: Segmenter, record: dict, picture: torch.Tensor, labels: torch.Tensor, row: Row) -> None:
    """Adds a record to its row."""
    image, clean = run.perturbed(record), run.clean(record)
    where = f"{record['image']}, {record['attack']} at {record['eps']}"
    if not torch.equal(clean, picture):
        row.faults.append(
            f"{where}: the stored image is not the picture, by {float((clean - picture).abs().max()):.1e}"
        )
    farthest = float((image.double() - clean.double()).abs().max())
    row.farthest = max(row.farthest, farthest)
    if farthest > radius(record["eps"]) + BALL or abs(farthest - record["maxDelta"]) > BALL:
        row.faults.append(f"{where}: moved by {farthest:.8f}, the record says {record['maxDelta']:.8f}")
    if not (image.min() >= 0 and image.max() <= 1):
        row.faults.append(f"{where}: outside of [0, 1]")
    ours, theirs = count(model, image, labels), stored(record)
    changed = ours.changed(theirs)
    if changed > ours.tied or not np.array_equal(ours.labels, theirs.labels):
        row.faults.append(f"{where}: counts differ by {changed} pixels at least, {ours.tied} are tied")
    row.right += int(ours.intersection.sum())
    row.stored += record["correct"]
    row.off += changed
    row.tied += ours.tied
    row.counts.append(ours)


def mean_accuracy(counts: list[Counts]) -> float:
    return float(np.mean([c.accuracy for c in counts]))


def mean_iou(counts: list[Counts]) -> float:
    intersection, union = (sum(getattr(c, name) for c in counts) for name in ("intersection", "union"))
    return float(np.mean(intersection[union > 0] / union[union > 0]))


def compare_result(run: Run, rows: dict[tuple[str, str], Row]) -> list[str]:
    """Figures of result.json that are not those of PyTorch's counts."""
    expected, found = {}, []
    for at_radius in run.result["robust"]:
        eps, attacks = at_radius["eps"], [rows[at_radius["eps"], name] for name in run.attacks]
        for figures, row in zip(at_radius["attacks"], attacks):
            expected[figures["name"], eps, "aAcc"] = mean_accuracy(row.counts), figures["aAcc"]
            expected[figures["name"], eps, "mIoU"] = mean_iou(row.counts), figures["mIoU"]
        lowest = np.mean([min(c.accuracy for c in image) for image in zip(*(row.counts for row in attacks))])
        expected["worst case", eps, "aAcc"] = float(lowest), at_radius["worst"]["aAcc"]
    for (attack, eps, name), (ours, theirs) in expected.items():
        if abs(ours - theirs) > 1e-12:
            found.append(f"{attack} at {eps}: {name} is {ours:.6f}, result.json has {theirs:.6f}")
    return found


def main() -> None:
    arguments = run_parser(__doc__).parse_args()
    torch.set_num_threads(1)
    run, model = Run(arguments.run), open_segmenter(load(arguments.model))
    rows: dict[tuple[str, str], Row] = defaultdict(Row)
    pictures: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    for record in sorted(run.records, key=lambda r: (r["index"], run.slot(r))):
        name = record["image"]
        if name not in pictures:
            size = run.clean(record).shape[2:]
            labels = load_labels(arguments.labels / f"{name}.png", *size, arguments.void)
            pictures = {name: (load_image(arguments.images / f"{name}.png", *size), labels)}
        check(run, model, record, *pictures[name], rows[record["eps"], record["attack"]])
    print(f"{'ε':8}{'attack':28}{'images':>7}{'right':>10}{'stored':>10}{'differ':>8}{'tied':>6}{'aAcc':>9}{'mIoU':>9}"
          f"{'max|δ|·255':>12}")  # fmt: skip
    for (eps, attack), row in rows.items():
        print(
            f"{eps:8}{attack:28}{len(row.counts):7}{row.right:10}{row.stored:10}{row.off:8}{row.tied:6}"
            f"{mean_accuracy(row.counts):9.4f}{mean_iou(row.counts):9.4f}{255 * row.farthest:12.6f}"
        )
    faults = [fault for row in rows.values() for fault in row.faults]
    if not any(row.off for row in rows.values()):
        faults += compare_result(run, rows)
    for fault in faults:
        print(fault)
    print(f"{len(run.records)} records counted again, {len(faults)} faults")
    raise SystemExit(int(bool(faults)))


def run_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser of the arguments that name a run, and the files that it was made from."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("model")
    parser.add_argument("images", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--void", type=int, help="value in the labels that means: ignored")
    return parser


if __name__ == "__main__":
    main()
