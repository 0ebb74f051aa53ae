"""An ONNX model seen as a segmenter: which input is the image, which value the logits, in which layout."""

import dataclasses

import torch
import torch.nn.functional as F

from onnx_torch import Program

# What may stand between the logits and an output without changing which class wins.
TAIL = {"Softmax", "LogSoftmax", "Sigmoid", "ArgMax", "Cast", "Identity", "Transpose"}


@dataclasses.dataclass
class Segmenter:
    """`program` returns `logits` alone; the image keeps the model's own layout."""

    program: Program
    image: str
    logits: str
    nhwc: bool

    def dims(self) -> tuple[int, int, int, int]:
        """N, C, H, W of the image; 1 where the model leaves a dimension open."""
        shape = [d if isinstance(d, int) and d > 0 else 1 for d in self.program.inputs[self.image][1]]
        n, c, h, w = (shape[i] for i in ((0, 3, 1, 2) if self.nhwc else (0, 1, 2, 3)))
        return n, c, h, w

    def __call__(self, image: torch.Tensor, others: dict[str, torch.Tensor] | None = None) -> torch.Tensor:
        """Logits N×K×H×W at the size of the image (bilinear, align_corners False), K ≥ 2."""
        height, width = image.shape[1:3] if self.nhwc else image.shape[2:4]
        raw = self.program.run({self.image: image, **(others or {})})[self.logits]
        logits = raw if _is_nchw(raw.shape, height, width, not self.nhwc) else raw.permute(0, 3, 1, 2)
        if logits.shape[1] == 1:  # A sigmoid map u is a two-class problem with logits (0, u).
            logits = torch.cat([torch.zeros_like(logits), logits], 1)
        if logits.shape[2:] != (height, width):
            logits = F.interpolate(logits, (height, width), mode="bilinear", align_corners=False)
        return logits


def open_segmenter(program: Program, output: str | None = None, logits: str | None = None) -> Segmenter:
    """The image is the first floating input of rank 4, the logits `logits` or what `output` was made from."""
    image = image_input(program)
    name = logits or logits_behind(program, output or program.outputs[0])
    return Segmenter(program.fetching([name]), image, name, _is_nhwc(program.inputs[image][1]))


def image_input(program: Program) -> str:
    """The first floating input of rank 4."""
    names = [n for n, (dtype, shape) in program.inputs.items() if dtype.is_floating_point and len(shape) == 4]
    if not names:
        raise SystemExit("the model has no floating input of rank 4")
    return names[0]


def logits_behind(program: Program, output: str) -> str:
    """The input of the last softmax, sigmoid or argmax before `output`; `output` itself where there is none."""
    cuts = [(read, operator) for read, operator in chain(program, output)]
    last = max((i for i, (_, op) in enumerate(cuts) if op in ("Softmax", "Sigmoid", "ArgMax")), default=-1)
    return cuts[last][0] if last >= 0 else output


def candidates(program: Program) -> list[str]:
    """Every value that may be called the logits of one of the model's outputs."""
    return [name for output in program.outputs for name in (output, *(read for read, _ in chain(program, output)))]


def chain(program: Program, output: str) -> list[tuple[str, str]]:
    """(value, operator that reads it), upwards from `output` through operators of the tail."""
    writers = {name: step for step in program.steps for name in step.writes}
    found = []
    while output in writers and writers[output].operator in TAIL:
        step = writers[output]
        output = step.reads[0]
        found.append((output, step.operator))
    return found


def _is_nhwc(shape: list) -> bool:
    return shape[1] not in (1, 3) and shape[3] in (1, 3)


def _is_nchw(shape: torch.Size, height: int, width: int, guess: bool) -> bool:
    """Logits have the aspect of the image along their two spatial axes; where both orders fit, the guess."""
    fits = [abs(h * width - w * height) <= max(height, width) for h, w in (shape[2:4], shape[1:3])]
    return guess if fits[0] == fits[1] else fits[0]
