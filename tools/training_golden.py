"""Writes the golden files of test/train: gradients of parameters, and weights after ten steps of an optimizer.

    python tools/training_golden.py        (torch 2.15, timm 1.0, transformers 5.23, torchvision 0.29)

The networks are those of networks_golden.py with their weights there, in training mode without dropout, in float64; the
loss is cross-entropy, and 0.4 times that of the auxiliary logits where there are any. test/golden/train holds

    NAME.safetensors             images (uint8, N×3×H×W), labels (int32, N×H×W, −1 ignored), loss (of the logits)
    NAME.gradient.safetensors    the gradient of every parameter, under the names of the network's first key map there
    classifier.*                 the same, and the weights, of a classifier on ConvNeXt: labels N, one for each image
    NAME.OPTIMIZER.safetensors   for STEPPED, all weights and statistics after ten steps; step t sees the images and
                                 labels rolled t pixels to the right
    NAME.attacks.safetensors     for STEPPED in inference, the images after four steps of SegPGD and of CosPGD (uint8)
    NAME.replays.safetensors     for STEPPED, all weights and statistics after Free-AT on two batches of three replays, and
                                 `perturbation`: the one carried then, in 1/255, plus RADIUS (uint8)
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import checkpoints as to
from networks import UperNet, randomize
from networks_golden import CASES, STEM, UPERNET, image_of

FOLDER = Path(__file__).parent.parent / "test" / "golden" / "train"
STEPPED = "upernet-cvst"
IMAGES = 4

OPTIMIZERS = {
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.999), eps=1e-8),
    "sgd": lambda groups: torch.optim.SGD(groups, lr=1e-2, momentum=0.9),
    "nesterov": lambda groups: torch.optim.SGD(groups, lr=1e-2, momentum=0.9, nesterov=True),
}
DECAY = 1e-2
RADIUS = 4  # of attacks, in 1/255; so that points are whole numbers, steps are too
STEPS = 4
REPLAYS = 3
REPLAY_STEP = 3
CLIP = 1.0


class Classifier(torch.nn.Module):
    """Mean of the last features of a UPerNet's backbone, and a 1×1 convolution."""

    def __init__(self, classes: int):
        super().__init__()
        self.network = UperNet(**UPERNET, stem=STEM).net.backbone
        self.classification_head = torch.nn.Conv2d(UPERNET["dims"][-1], classes, 1)

    def forward(self, image):
        features = self.network.forward_with_filtered_kwargs(image).feature_maps[-1]
        return self.classification_head(features.mean((2, 3), keepdim=True))


def classifier_names(state: to.State) -> to.State:
    unread = tuple(f"network.hidden_states_norms.stage{i}." for i in (1, 2, 3))
    state = {key: tensor for key, tensor in state.items() if not key.startswith(unread)}
    return to.renamed(state, [(r"^network\.", "backbone."), *to.UPERNET_TO_AUTHORS])


def training(network: torch.nn.Module) -> torch.nn.Module:
    """In training, but with nothing left out by chance."""
    network = network.double().train()
    for module in network.modules():
        if "drop" in type(module).__name__.lower():
            module.eval()
    return network


def batch_of(size: tuple[int, int], classes: int, seed: int, per_image: bool = False):
    images = torch.stack([image_of(size, 100 + IMAGES * seed + i) for i in range(IMAGES)])
    generator = torch.Generator().manual_seed(seed)
    shape = (IMAGES,) if per_image else (IMAGES, *size)
    return images, torch.randint(0 if per_image else -1, classes, shape, generator=generator, dtype=torch.int32)


def losses(network: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor):
    """The loss of the logits, and the loss that is differentiated."""
    image = (images.float() / 255).double()
    target = labels.long() if labels.ndim == 3 else labels.long()[:, None, None]
    loss = F.cross_entropy(network(image), target, ignore_index=-1)
    if not hasattr(network, "auxiliary"):
        return loss, loss
    return loss, loss + 0.4 * F.cross_entropy(network.auxiliary(image), target, ignore_index=-1)


def save(name: str, tensors: to.State) -> None:
    tensors = {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}
    save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, FOLDER / f"{name}.safetensors")


def gradients(name: str, network: torch.nn.Module, size, classes: int, seed: int, names) -> None:
    network = training(network)
    images, labels = batch_of(size, classes, seed, name == "classifier")
    loss, total = losses(network, images, labels)
    total.backward()
    save(name, {"images": images, "labels": labels, "loss": loss[None]})
    grads = {key: tensor.grad for key, tensor in network.named_parameters() if tensor.grad is not None}
    save(f"{name}.gradient", names(grads))


def ten_steps(name: str, network: torch.nn.Module, size, classes: int, seed: int, names, optimizer: str) -> None:
    network = training(network)
    images, labels = batch_of(size, classes, seed)
    decaying = [tensor for tensor in network.parameters() if tensor.ndim > 1]
    others = [tensor for tensor in network.parameters() if tensor.ndim <= 1]
    groups = [{"params": decaying, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    stepper = OPTIMIZERS[optimizer](groups)
    for t in range(10):
        stepper.zero_grad()
        losses(network, images.roll(t, -1), labels.roll(t, -1))[1].backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        stepper.step()
    save(f"{name}.{optimizer}", names(network.state_dict()))


def weight_of(attack: str, logits: torch.Tensor, labels: torch.Tensor, t: int) -> torch.Tensor:
    """Of each pixel at step t of STEPS, from 1. SegPGD: Gu et al. 2022. CosPGD: Agnihotri et al. 2024."""
    if attack == "segpgd":
        wrong = (t - 1) / (2 * STEPS)
        return torch.where(logits.argmax(1) == labels, 1 - wrong, wrong)
    one_hot = F.one_hot(labels.clamp(min=0), logits.shape[1]).movedim(-1, 1).double()
    return F.cosine_similarity(logits.softmax(1), one_hot, dim=1)


def attacked(attack: str, network: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Images after STEPS steps of 1/255 along the gradient's sign, in 1/255."""
    network, labels = network.double().eval(), labels.long()
    clean = point = images.double()
    for t in range(1, STEPS + 1):
        point = point.detach().requires_grad_()
        logits = network(point / 255)
        each = F.cross_entropy(logits, labels, ignore_index=-1, reduction="none")
        (each * weight_of(attack, logits.detach(), labels, t)).sum().backward()
        moved = point.detach() + point.grad.sign()
        point = torch.minimum(torch.maximum(moved, clean - RADIUS), clean + RADIUS).clamp(0, 255)
    return point


def replays(network: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor, names) -> to.State:
    """Free-AT (Shafahi et al. 2019, algorithm 1): one backward pass for weights and perturbation, which is carried on."""
    network = training(network)
    stepper = torch.optim.SGD(network.parameters(), lr=1e-2, momentum=0.9)
    delta = torch.zeros(images.shape, dtype=torch.float64)
    for t in range(2):
        for _ in range(REPLAYS):
            point = (images.roll(t, -1).double() + delta).clamp(0, 255).requires_grad_()
            stepper.zero_grad()
            target = labels.roll(t, -1).long()
            main, auxiliary = network(point / 255), network.auxiliary(point / 255)
            loss = F.cross_entropy(main, target, ignore_index=-1)
            (loss + 0.4 * F.cross_entropy(auxiliary, target, ignore_index=-1)).backward()
            stepper.step()
            delta = (delta + REPLAY_STEP * point.grad.sign()).clamp(-RADIUS, RADIUS)
    return {**names(network.state_dict()), "perturbation": (delta + RADIUS).to(torch.uint8)}


def main() -> None:
    torch.manual_seed(0)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for seed, (name, (network, size, key_maps)) in enumerate(CASES.items()):
        names = next(iter(key_maps.values()))
        classes = 4 if name == "segmenter" else 3
        gradients(name, randomize(network(), seed), size, classes, seed, names)
        if name == STEPPED:
            for optimizer in OPTIMIZERS:
                ten_steps(name, randomize(network(), seed), size, classes, seed, names, optimizer)
            images, labels = batch_of(size, classes, seed)
            points = {a: attacked(a, randomize(network(), seed), images, labels) for a in ("segpgd", "cospgd")}
            save(f"{name}.attacks", {attack: point.to(torch.uint8) for attack, point in points.items()})
            save(f"{name}.replays", replays(randomize(network(), seed), images, labels, names))
    network = randomize(Classifier(3), 50)
    save("classifier.weights", classifier_names(network.state_dict()))
    gradients("classifier", network, (45, 38), 3, 50, classifier_names)
    print("\n".join(f"{path.stat().st_size:8} {path.name}" for path in sorted(FOLDER.iterdir())))


if __name__ == "__main__":
    main()
