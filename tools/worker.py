"""What the workers of `npm run bench` have in common: one step of PyTorch for every line they read."""

import json
import resource
import sys
import time
from collections.abc import Callable

import torch


def dims_of(text: str) -> list[int]:
    """2x3x128x128 as numbers."""
    return [int(n) for n in text.split("x")]


def in_channels_last(value: torch.Tensor) -> torch.Tensor:
    floating = value.dim() == 4 and value.is_floating_point()
    return value.contiguous(memory_format=torch.channels_last) if floating else value


def peak_memory() -> int:
    """The most bytes of this process that were resident so far."""
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts in bytes, Linux in KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def serve(step: Callable[[], object], settings: dict) -> None:
    """Prints `ready {…}`, then for every line `step` the seconds that one took; `quit` prints `peak {bytes}`, and ends."""
    print("ready", json.dumps(settings), flush=True)
    for line in sys.stdin:
        if line.strip() == "quit":
            break
        if line.strip() == "step":
            start = time.perf_counter()
            step()
            print(f"{time.perf_counter() - start:.6f}", flush=True)
    print("peak", peak_memory(), flush=True)
