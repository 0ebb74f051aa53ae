"""Writes test/golden/quantised.json: gradients of small quantised networks by PyTorch's fake quantisation.

    python tools/quantised_golden.py

`torch.fake_quantize_per_tensor_affine` rounds and clips, and its gradient goes straight through: 1 where the rounded
integer lies in the range, 0 elsewhere. test/oracle/quantised.test.ts builds the same networks in each form that ONNX has.
"""

import json
from pathlib import Path

import torch
from torch.nn.functional import avg_pool2d, conv2d, leaky_relu, max_pool2d

OUT = Path(__file__).resolve().parent.parent / "test/golden/quantised.json"
RANGES = {"int8": (-128, 127), "uint8": (0, 255)}

torch.manual_seed(7)


def fake(x: torch.Tensor, scheme: dict) -> torch.Tensor:
    low, high = RANGES[scheme["type"]]
    return torch.fake_quantize_per_tensor_affine(x, scheme["scale"], scheme["zero"], low, high)


def integers(*shape: int) -> torch.Tensor:
    return torch.randint(-127, 128, shape)


def scheme(kind: str, low: float, high: float) -> dict:
    """Covers a range that is somewhat smaller than that of the numbers, so that some of them saturate."""
    first, last = RANGES[kind]
    scale = float(torch.tensor((high - low) / (last - first), dtype=torch.float32))
    return {"type": kind, "scale": scale, "zero": round(first - low / scale)}


def numbers(value: torch.Tensor) -> list:
    return value.detach().flatten().tolist()


def convolutional() -> dict:
    """Every scheme clips some numbers. Black and white pixels are among them, and lie inside the range or beyond."""
    schemes = {
        "image": scheme("uint8", 0, 0.9),
        "conv": scheme("uint8", -0.7, 0.6),
        "leaky": scheme("uint8", -0.11, 0.52),
        "sum": scheme("uint8", -0.71, 0.93),
        "gate": scheme("uint8", 0, 0.6),
        "product": scheme("uint8", -0.19, 0.42),
        "joined": scheme("uint8", -0.09, 0.47),
        "logits": scheme("uint8", -0.5, 0.5),
    }
    image = torch.rand(1, 3, 6, 6)
    image[0, :, 0, :3] = 0
    image[0, :, 5, :3] = 1
    image.requires_grad_()
    first, second = integers(4, 3, 3, 3), integers(3, 8, 1, 1)
    scales = torch.tensor([0.002, 0.003, 0.001, 0.0025])
    second_scale = 0.004
    bias = torch.randint(-20000, 20000, (4,))

    x = fake(image, schemes["image"])
    weights = first * scales.reshape(4, 1, 1, 1)
    a = fake(conv2d(x, weights, bias * (schemes["image"]["scale"] * scales), padding=1), schemes["conv"])
    b = fake(leaky_relu(a, 0.2), schemes["leaky"])
    c = fake(a + b, schemes["sum"])
    d = fake(torch.sigmoid(c), schemes["gate"])
    e = fake(c * d, schemes["product"])
    f = torch.cat([max_pool2d(e, 2), fake(avg_pool2d(d, 2), schemes["product"])], 1)
    g = fake(f, schemes["joined"])
    logits = fake(conv2d(g, second * second_scale), schemes["logits"])
    seed = torch.randn_like(logits)
    logits.backward(seed)
    return {
        "schemes": schemes,
        "image": numbers(image),
        "first": {"data": numbers(first), "scales": numbers(scales), "bias": numbers(bias)},
        "second": {"data": numbers(second), "scale": second_scale},
        "seed": numbers(seed),
        "logits": numbers(logits),
        "gradient": numbers(image.grad),
    }


def products() -> dict:
    schemes = {
        "x": scheme("int8", -0.8, 0.8),
        "hidden": scheme("int8", -0.4, 0.5),
        "mapped": scheme("int8", -0.3, 0.3),
        # The scheme that ONNX Runtime's QLinearSoftmax assumes.
        "shares": {"type": "int8", "scale": 1 / 256, "zero": -128},
    }
    x = (2 * torch.rand(5, 4) - 1).requires_grad_()
    first, second = integers(4, 6), integers(6, 3)
    scales = [0.002, 0.003]
    bias = torch.randint(-5000, 5000, (3,))
    hidden = fake(fake(x, schemes["x"]) @ (first * scales[0]), schemes["hidden"])
    steps = bias * (schemes["hidden"]["scale"] * scales[1])
    mapped = fake(hidden @ (second * scales[1]) + steps, schemes["mapped"])
    shares = fake(torch.softmax(mapped, 1), schemes["shares"])
    seed = torch.randn_like(shares)
    shares.backward(seed)
    return {
        "schemes": schemes,
        "x": numbers(x),
        "first": numbers(first),
        "second": numbers(second),
        "scales": scales,
        "bias": numbers(bias),
        "seed": numbers(seed),
        "output": numbers(shares),
        "gradient": numbers(x.grad),
    }


def dynamic() -> dict:
    """Ranges are measured. Rounding is the identity for the gradient, and no number saturates."""

    def rounded(x: torch.Tensor) -> torch.Tensor:
        low, high = min(0.0, x.min().item()), max(0.0, x.max().item())
        scale = float(torch.tensor((high - low) / 255, dtype=torch.float32))
        zero = round(max(0, min(255, -low / scale)))
        near = (torch.clamp(torch.round(x / scale) + zero, 0, 255) - zero) * scale
        return x + (near - x).detach()

    x = (2 * torch.rand(1, 2, 4, 4) - 1).requires_grad_()
    kernel, matrix = torch.randint(0, 256, (3, 2, 3, 3)), torch.randint(0, 256, (4, 5))
    scale, zero = 0.01, 120
    mapped = torch.tanh(conv2d(rounded(x), (kernel - zero) * scale, padding=1))
    result = rounded(mapped) @ ((matrix - zero) * scale)
    seed = torch.randn_like(result)
    result.backward(seed)
    return {
        "x": numbers(x),
        "kernel": numbers(kernel),
        "matrix": numbers(matrix),
        "scale": scale,
        "zero": zero,
        "seed": numbers(seed),
        "output": numbers(result),
        "gradient": numbers(x.grad),
    }


golden = {"convolutional": convolutional(), "products": products(), "dynamic": dynamic()}
OUT.write_text(json.dumps(golden) + "\n")
