"""What the workers of `npm run bench` have in common: one step of PyTorch for every line they read."""

import argparse
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


def add_device_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu", help="cpu or cuda; float32 without TF32")
    parser.add_argument("--compile", action="store_true", help="use torch.compile")


def use_device(arguments: argparse.Namespace) -> torch.device:
    """The device of the arguments, on which products are exact to float32 and convolutions the fastest of those tried."""
    torch.set_num_threads(arguments.threads)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    return torch.device(arguments.device)


def compiled(function: Callable, arguments: argparse.Namespace) -> Callable:
    """The function compiled for its shapes, if the arguments say so. Only of an ONNX file may the graph be in parts."""
    whole = not getattr(arguments, "model", None)
    return torch.compile(function, fullgraph=whole, dynamic=False) if arguments.compile else function


def device_facts(arguments: argparse.Namespace) -> dict:
    """What a worker says of PyTorch and its device."""
    name = torch.cuda.get_device_name() if arguments.device.startswith("cuda") else "cpu"
    threads = torch.get_num_threads()
    return {"torch": torch.__version__, "threads": threads, "device": name, "compiled": arguments.compile}


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
            if torch.cuda.is_initialized():
                torch.cuda.synchronize()  # Kernels run on after the call.
            print(f"{time.perf_counter() - start:.6f}", flush=True)
    print("peak", peak_memory(), flush=True)
