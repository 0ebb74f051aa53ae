"""Prints the table of docs/quantised.md from two run folders.

    python tools/quantised_table.py FLOAT-RUN INT8-RUN

aAcc is the mean over images with its 95 % interval (Student's t); so is the difference to the attack by the model's own
gradient, image by image.

Needs numpy and scipy.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy import stats

OWN = "apgd:mask-ce"
ROWS = {
    "clean": "clean",
    OWN: "white-box",
    f"transfer:{OWN}": "transferred from the float model",
    "square": "`square`",
}

Figures = dict[tuple[str, str], dict[str, float]]


def read(run: str) -> Figures:
    figures: Figures = {}
    for line in (Path(run) / "journal.jsonl").read_text().splitlines():
        record = json.loads(line)
        figures.setdefault((record["eps"], record["attack"]), {})[record["image"]] = record["accuracy"]
    return figures


def interval(values: list[float], digits: int = 3) -> str:
    numbers = np.array(values)
    half = stats.t.ppf(0.975, len(numbers) - 1) * numbers.std(ddof=1) / np.sqrt(len(numbers))
    return f"{numbers.mean():.{digits}f} ± {half:.{digits}f}"


def main() -> None:
    runs = [read(run) for run in sys.argv[1:]]
    print("| ε | attack | float | int8 | int8, above the white-box |\n|---|---|---|---|---|")
    for eps in dict.fromkeys(eps for eps, _ in runs[1]):
        for attack, title in ROWS.items():
            if (eps, attack) not in runs[1]:
                continue
            means = [interval(list(run[eps, attack].values())) if (eps, attack) in run else "–" for run in runs]
            own = runs[1].get((eps, OWN), {})
            above = [value - own[image] for image, value in runs[1][eps, attack].items() if image in own]
            difference = interval(above) if above and attack != OWN else ""
            print(f"| {eps} | {title} | {' | '.join(means)} | {difference} |")


if __name__ == "__main__":
    main()
