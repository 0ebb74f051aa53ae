"""A worker that times updates of adversarial training in PyTorch eager mode, in turn with another program.

    python tools/bench_training_torch.py upernet-convnext-micro-cvst [--size 8x3x128x160] [--threads 2] [--channels-last]
                                         [--attack-steps 2] [--device cuda] [--compile]

It prints a line `ready {…}` with its settings, then for every line `step` that it reads the seconds one update took:
a random start, sign steps of PGD on cross-entropy through the network in inference, and one step of AdamW along the
gradient of cross-entropy + 0.4 · that of the auxiliary logits through the network in training; always on the same
batch. `quit` prints a line `peak {bytes}`, the most memory that was resident, and ends it.

So that PyTorch is at its best in eager mode: attack passes ask for no gradient of the parameters and leave out the
auxiliary head, both heads share one pass through the backbone, AdamW is the fused one, and blocks are never left out by
chance. --channels-last stores images and weights in that order; measure both.
"""

import argparse

import torch
import torch.nn.functional as F

from ball import NORMS
from images import random_image
from networks import UperNet, normalized, resized
from worker import add_device_flags, compiled, device_facts, dims_of, in_channels_last, serve, use_device

CLASSES, RADIUS, STEP_SIZE = 11, 4 / 255, 4 / 255
CONVNEXT_T = {"dims": [96, 192, 384, 768], "channels": 512, "auxiliary": 256, "stem": [(48, 2), (96, 2)]}
NETWORKS = {
    "upernet-convnext-micro-cvst": {
        "dims": [16, 32, 64, 128],
        "depths": [2, 2, 6, 2],
        "channels": 32,
        "auxiliary": 16,
        "stem": [(8, 2), (16, 2)],
    },
    "upernet-convnext-t-cvst": {**CONVNEXT_T, "depths": [3, 3, 9, 3]},
    "upernet-convnext-s-cvst": {**CONVNEXT_T, "depths": [3, 3, 27, 3]},
}


class Learner:
    """A network, its optimizer, and the batch that it learns."""

    def __init__(self, name: str, size: list[int], arguments: argparse.Namespace, device: torch.device):
        n, _, h, w = size
        channels_last = arguments.channels_last
        self.attack_steps = arguments.attack_steps
        self.network = UperNet(**NETWORKS[name], classes=CLASSES).to(device)
        self.images = random_image(size, seed=0).to(device)
        self.labels = ((torch.arange(n * h * w).reshape(n, h, w) % (CLASSES + 1)) - 1).to(device)
        self.attack_loss = compiled(self.plain_attack_loss, arguments)
        self.training_loss = compiled(self.plain_training_loss, arguments)
        if channels_last:
            self.network.to(memory_format=torch.channels_last)
            self.images = in_channels_last(self.images)
        parameters = list(self.network.parameters())
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.05},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-3, fused=True)

    def features(self, images: torch.Tensor):
        network = self.network
        return network.net.backbone.forward_with_filtered_kwargs(
            normalized(images) if network.normalizes else images
        ).feature_maps

    def loss(self, head: torch.nn.Module, features) -> torch.Tensor:
        logits = resized(head(features), self.labels.shape[1:])
        return F.cross_entropy(logits, self.labels, ignore_index=-1)

    def plain_attack_loss(self, point: torch.Tensor) -> torch.Tensor:
        return self.loss(self.network.net.decode_head, self.features(point))

    def plain_training_loss(self, images: torch.Tensor) -> torch.Tensor:
        features = self.features(images)
        auxiliary = self.loss(self.network.net.auxiliary_head, features)
        return self.loss(self.network.net.decode_head, features) + 0.4 * auxiliary

    def attacked(self) -> torch.Tensor:
        self.network.eval().requires_grad_(False)
        norm = NORMS["linf"]
        point = (self.images + torch.empty_like(self.images).uniform_(-RADIUS, RADIUS)).clamp(0, 1)
        for _ in range(self.attack_steps):
            point = point.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(self.attack_loss(point), point)
            with torch.no_grad():
                point = norm.project(self.images, point + STEP_SIZE * norm.direction(gradient), RADIUS)
        return point

    def step(self) -> None:
        images = self.attacked()
        self.network.train().requires_grad_(True)
        self.optimizer.zero_grad()
        self.training_loss(images).backward()
        self.optimizer.step()


def main() -> None:
    arguments = _parse()
    torch.manual_seed(0)
    size = dims_of(arguments.size)
    learner = Learner(arguments.architecture, size, arguments, use_device(arguments))
    settings = {
        "architecture": arguments.architecture,
        **device_facts(arguments),
        "channelsLast": arguments.channels_last,
        "attackSteps": arguments.attack_steps,
        "images": size,
    }
    serve(learner.step, settings)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("architecture", choices=NETWORKS)
    parser.add_argument("--size", default="8x3x128x160", help="N x C x H x W of the images")
    add_device_flags(parser)
    parser.add_argument("--attack-steps", type=int, default=2)
    parser.add_argument("--channels-last", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
