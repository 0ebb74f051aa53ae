"""The pixel losses from their definitions, for autograd: masks and weights are constants, the rest is differentiated.

For one pixel: logits u, p = softmax(u/τ), label y. Attacks maximise the mean over all h·w pixels of an image; a pixel
with label −1 adds 0 and stays in the denominator. Sources: Croce, Singh, Hein, arXiv 2306.12941 v1 (Bal-CE, Mask-Sph)
and v2 (MCE, MCE-Bal, JS); Agnihotri, Jung, Keuper, ICML 2024 (CosPGD).
"""

import dataclasses
import functools
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F


@dataclasses.dataclass
class Pixels:
    """Logits N×K×H×W and labels N×H×W with what the losses read of them (all N×H×W)."""

    logits: torch.Tensor
    labels: torch.Tensor
    class_weights: torch.Tensor | None = None  # K
    balance: float = 0.0  # λ in [0, ½]
    gain: torch.Tensor | None = None  # K, of expected-miou
    price: torch.Tensor | None = None  # K
    temperature: float = 1.0  # τ > 0, by which softmax losses divide the logits

    @functools.cached_property
    def counted(self) -> torch.Tensor:
        return (self.labels != -1).to(self.logits.dtype)

    @functools.cached_property
    def correct(self) -> torch.Tensor:
        """1 where the first largest logit is the label's."""
        return (first_argmax(self.logits) == self.labels).to(self.logits.dtype)

    @functools.cached_property
    def log_probability(self) -> torch.Tensor:
        """ℓ = log p_y."""
        return self.at_label(F.log_softmax(self.logits / self.temperature, 1))

    @functools.cached_property
    def probabilities(self) -> torch.Tensor:
        """p, N×K×H×W."""
        return F.softmax(self.logits / self.temperature, 1)

    @property
    def cross_entropy(self) -> torch.Tensor:
        return -self.log_probability

    @functools.cached_property
    def margin(self) -> torch.Tensor:
        """The label's logit less the largest other one."""
        others = self.logits.scatter(1, self.labels.clamp(min=0).unsqueeze(1), -math.inf)
        return self.at_label(self.logits) - others.amax(1)

    @property
    def class_weight(self) -> torch.Tensor:
        return self.class_weights.to(self.logits.dtype)[self.labels.clamp(min=0)]

    @property
    def class_values(self) -> torch.Tensor:
        """v, N×K×H×W: the gain of each class, and in the label's place minus its price."""
        gain, price = (values.to(self.logits.dtype).reshape(1, -1, 1, 1) for values in (self.gain, self.price))
        label = F.one_hot(self.labels.clamp(min=0), self.logits.shape[1]).movedim(-1, 1)
        return torch.where(label == 1, -price, gain)

    def at_label(self, values: torch.Tensor) -> torch.Tensor:
        """Of N×K×H×W the entry of each pixel's label; that of class 0 for ignored pixels."""
        return values.gather(1, self.labels.clamp(min=0).unsqueeze(1)).squeeze(1)


def first_argmax(logits: torch.Tensor) -> torch.Tensor:
    """The smallest class index among the largest logits."""
    classes = torch.arange(logits.shape[1]).reshape(1, -1, 1, 1)
    largest = logits == logits.amax(1, keepdim=True)
    return torch.where(largest, classes, logits.shape[1]).amin(1)


def ce(x: Pixels) -> torch.Tensor:
    return x.cross_entropy


def mask_ce(x: Pixels) -> torch.Tensor:
    return x.correct * x.cross_entropy


def soft_mask_ce(temperature: float) -> "Loss":
    """A mask that fades as the margin falls."""
    return lambda x: (x.margin / temperature).sigmoid().detach() * x.cross_entropy


def balanced_ce(x: Pixels) -> torch.Tensor:
    return ((1 - x.balance) * x.correct + x.balance * (1 - x.correct)) * x.cross_entropy


def class_balanced_ce(x: Pixels) -> torch.Tensor:
    return x.correct * x.class_weight * x.cross_entropy


def weighted_ce(x: Pixels) -> torch.Tensor:
    """Class-balanced CE without its mask."""
    return x.class_weight * x.cross_entropy


def js(x: Pixels) -> torch.Tensor:
    """Jensen-Shannon divergence between p and the one-hot label, which depends on p_y alone."""
    log_p = x.log_probability
    p = log_p.exp()
    return math.log(2) + p * log_p / 2 - (1 + p) * torch.log1p(p) / 2


def spherical(x: Pixels) -> torch.Tensor:
    return -x.at_label(x.logits / torch.linalg.vector_norm(x.logits, dim=1, keepdim=True))


def mask_spherical(x: Pixels) -> torch.Tensor:
    return x.correct * spherical(x)


def cospgd(x: Pixels) -> torch.Tensor:
    """The official form: the cosine is taken with the softmax."""
    return _cosine(x, x.probabilities) * x.cross_entropy


def expected_accuracy(x: Pixels) -> torch.Tensor:
    """The probability of the label, to fall; the norm of the probabilities is held constant."""
    return -x.log_probability.exp() / torch.linalg.vector_norm(x.probabilities, dim=1).detach()


def label_probability(x: Pixels) -> torch.Tensor:
    return -x.log_probability.exp()


def cospgd_sigmoid(x: Pixels) -> torch.Tensor:
    """As re-implemented by the authors of SEA: the cosine is taken with the elementwise sigmoid."""
    return _cosine(x, x.logits.sigmoid()) * x.cross_entropy


def _cosine(x: Pixels, values: torch.Tensor) -> torch.Tensor:
    return x.at_label(values / torch.linalg.vector_norm(values, dim=1, keepdim=True)).detach()


def expected_miou(x: Pixels) -> torch.Tensor:
    """Σ_t p_t·v_t over ‖p‖₂, which is held constant."""
    return expected_value(x) / torch.linalg.vector_norm(x.probabilities, dim=1).detach()


def expected_value(x: Pixels) -> torch.Tensor:
    return (x.probabilities * x.class_values).sum(1)


def remaining_value(x: Pixels) -> torch.Tensor:
    """−v of the predicted class."""
    return -x.class_values.gather(1, first_argmax(x.logits).unsqueeze(1)).squeeze(1)


Loss = Callable[[Pixels], torch.Tensor]

LOSSES: dict[str, Loss] = {
    "ce": ce,
    "mask-ce": mask_ce,
    "balanced-ce": balanced_ce,
    "class-balanced-ce": class_balanced_ce,
    "js": js,
    "mask-spherical": mask_spherical,
    "cospgd": cospgd,
    "spherical": spherical,
    "cospgd-sigmoid": cospgd_sigmoid,
    "expected-accuracy": expected_accuracy,
    "expected-miou": expected_miou,
    "soft-mask-ce-sharp": soft_mask_ce(0.25),
    "soft-mask-ce": soft_mask_ce(1),
    "soft-mask-ce-wide": soft_mask_ce(4),
}

# The loss that controls APGD's step size: in the published code, and as the attack's own loss without its mask.
PUBLISHED_TRACKED: dict[str, Loss] = {name: ce for name in LOSSES} | {
    "mask-spherical": spherical,
    "spherical": spherical,
}
OWN_TRACKED: dict[str, Loss] = PUBLISHED_TRACKED | {
    "js": js,
    "class-balanced-ce": weighted_ce,
    "expected-accuracy": label_probability,
    "expected-miou": expected_value,
}
# What a pixel adds to the score that the kept image minimises.
SCORES: dict[str, Loss] = {name: lambda x: x.correct for name in LOSSES} | {
    "class-balanced-ce": lambda x: x.correct * x.class_weight,
    "expected-miou": remaining_value,
}


def image_mean(loss: Loss, pixels: Pixels) -> torch.Tensor:
    """The objective of each image (N): the mean over all its pixels."""
    return (loss(pixels) * pixels.counted).mean((1, 2))


def image_sum(loss: Loss, pixels: Pixels) -> torch.Tensor:
    """The sum of each image (N) over the pixels that count."""
    return (loss(pixels) * pixels.counted).sum((1, 2))
