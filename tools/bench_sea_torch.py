"""A worker that times SEA (Croce, Singh, Hein, 2024) in PyTorch, in turn with another program.

    python tools/bench_sea_torch.py MODEL.onnx [--size 1x3x256x256] [--steps 30] [--threads 2] [--device cuda]
                                    [--compile]
    python tools/bench_sea_torch.py --upernet …

For every line `step` that it reads it attacks all images as one batch with the four losses of 2023, each with so many
steps of APGD in three radii, by apgd_reference.py. The rest is as in bench_torch.py, whose flags it has.
"""

import torch

import apgd_reference
from ball import NORMS
from bench_torch import RADIUS, open_task, parser
from images import shifted_labels
from worker import device_facts, serve

LOSSES = ("mask-ce", "balanced-ce", "js", "mask-spherical")


def main() -> None:
    flags = parser(__doc__)
    flags.add_argument("--steps", type=int, default=30, help="of each of the four attacks")
    arguments = flags.parse_args()
    network, image, logits = open_task(arguments)
    labels = shifted_labels(logits)
    # What apgd_reference.py makes, it makes on the default device.
    torch.set_default_device(image.device)
    apgd_reference.CLASS_WEIGHTS = torch.ones(logits.shape[1])
    apgd_reference.RADII = {"linf": RADIUS}

    def sea() -> None:
        for loss in LOSSES:
            problem = apgd_reference.Problem(network, image, labels, loss, own=True)
            noise = (torch.rand_like(image) * 2 - 1) * 2 * RADIUS
            start = NORMS["linf"].project(image, image + noise, 2 * RADIUS)
            apgd_reference.attack(problem, "linf", "reduce", arguments.steps, start)

    serve(sea, {**device_facts(arguments), "image": list(image.shape), "steps": arguments.steps})


if __name__ == "__main__":
    main()
