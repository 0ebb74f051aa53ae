"""Prints what each attack of a run leaves, for docs/black-box.md.

    python tools/attack_table.py RUN ATTACK

aAcc is the mean over images with its 95 % interval (Student's t); so are its differences, image by image, to the clean
prediction and to ATTACK, in percentage points.

Needs numpy and scipy.
"""

import sys

from quantised_table import interval, read


def main() -> None:
    run, reference = sys.argv[1:]
    figures = read(run)
    clean = next(own for (_, attack), own in figures.items() if attack == "clean")
    print(f"| ε | attack | aAcc | below clean | below `{reference}` |\n|---|---|---|---|---|")
    for (eps, attack), own in figures.items():
        other = figures.get((eps, reference), {})
        columns = [interval(list(own.values())), below(own, clean), below(own, other) if attack != reference else ""]
        print(f"| {eps} | {attack} | {' | '.join(columns)} |")


def below(own: dict[str, float], other: dict[str, float]) -> str:
    differences = [100 * (other[image] - value) for image, value in own.items() if image in other]
    return interval(differences, digits=1) if len(differences) > 1 else ""


main()
