"""Images and label maps as tensors."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from tensor_folder import read_raw


def load_image(path: str | Path, height: int, width: int) -> torch.Tensor:
    """A picture as float32 1×3×H×W, RGB in [0, 1]; resized (bilinear) when it has another size."""
    picture = Image.open(path).convert("RGB")
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.asarray(picture, np.float32).copy()) / 255
    return pixels.permute(2, 0, 1).unsqueeze(0).contiguous()


def load_labels(path: str | Path, height: int, width: int, void: int | None = None) -> torch.Tensor:
    """Labels as int64: 1×H×W from an index PNG (resized: nearest), N×H×W from raw int64; `void` becomes −1."""
    if Path(path).suffix == ".bin":
        images = Path(path).stat().st_size // (8 * height * width)
        labels = torch.from_numpy(read_raw(path, "int64", [images, height, width]))
    else:
        indices = Image.open(path)
        if indices.mode not in ("P", "L", "I"):
            raise SystemExit(f"{path}: expected an index or grey PNG, it has mode {indices.mode}")
        if indices.size != (width, height):
            indices = indices.resize((width, height), Image.Resampling.NEAREST)
        labels = torch.from_numpy(np.array(indices, np.int64)).unsqueeze(0)
    return labels if void is None else torch.where(labels == void, -1, labels)


def random_image(dims: list[int], seed: int) -> torch.Tensor:
    """A float32 image in [0, 1]: smooth structure and noise, so that no layer sees only noise."""
    generator = torch.Generator().manual_seed(seed)
    n, c, h, w = dims
    coarse = torch.rand(n, c, max(h // 16, 2), max(w // 16, 2), generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (h, w), mode="bilinear", align_corners=False)
    return (0.8 * smooth + 0.2 * torch.rand(n, c, h, w, generator=generator)).clamp(0, 1)


def shifted_labels(logits: torch.Tensor) -> torch.Tensor:
    """Labels (int64 N×H×W) that a model gets partly wrong: its own prediction, rolled; a corner is ignored (−1)."""
    labels = logits.argmax(1).roll((5, 9), (1, 2))
    labels[:, : labels.shape[1] // 8, : labels.shape[2] // 4] = -1
    return labels
