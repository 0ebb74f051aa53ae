"""The cases of `corpus.py` that paddle2onnx exports. Float64 gradients come from Paddle's own autograd in float64."""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
import paddle2onnx
from paddle import nn

import corpus_files
from corpus_case import Case, facts

CLASSES = 5
SIZE = 64


def block(before: int, after: int, **options) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2D(before, after, 3, padding=1, bias_attr=False, **options), nn.BatchNorm2D(after), nn.ReLU()
    )


class UNet(nn.Layer):
    def __init__(self):
        super().__init__()
        self.down = nn.LayerList([block(3, 16), block(16, 24), block(24, 32)])
        self.up = nn.LayerList([nn.Conv2DTranspose(32, 24, 2, 2), nn.Conv2DTranspose(24, 16, 2, 2)])
        self.join = nn.LayerList([block(48, 24), block(32, 16)])
        self.head = nn.Conv2D(16, CLASSES, 1)

    def forward(self, image):
        first = self.down[0](image)
        second = self.down[1](F.max_pool2d(first, 2, 2))
        x = self.down[2](F.max_pool2d(second, 2, 2))
        for up, join, skip in zip(self.up, self.join, (second, first)):
            x = join(paddle.concat([up(x), skip], axis=1))
        return self.head(x)


class Encoded(nn.Layer):
    """A classifier of paddle.vision up to its last map, under a head that resizes to the image."""

    def __init__(self, classifier: nn.Layer, width: int):
        super().__init__()
        self.encoder = nn.Sequential(*list(classifier.children())[:-2])
        self.head = nn.Sequential(block(width, 32), nn.Conv2D(32, CLASSES, 1))

    def forward(self, image):
        return F.interpolate(self.head(self.encoder(image)), image.shape[2:], mode="bilinear", align_corners=True)


class PpLiteSeg(nn.Layer):
    """PP-LiteSeg in small: pyramid pooling, and fusion weighted by attention over mean and maximum of the channels."""

    def __init__(self):
        super().__init__()
        self.stages = nn.LayerList([block(3, 16, stride=2), block(16, 24, stride=2), block(24, 32, stride=2)])
        self.pooled = nn.LayerList([nn.Conv2D(32, 16, 1) for _ in range(2)])
        self.context = block(16, 24)
        self.attention = nn.Conv2D(4, 1, 3, padding=1)
        self.head = nn.Conv2D(24, CLASSES, 1)

    def forward(self, image):
        x, maps = image, []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        size = x.shape[2:]
        sums = [conv(F.adaptive_avg_pool2d(x, bins)) for conv, bins in zip(self.pooled, (1, 2))]
        context = self.context(sum(F.interpolate(one, size, mode="bilinear") for one in sums))
        up = F.interpolate(context, maps[1].shape[2:], mode="bilinear")
        both = [f(one, axis=1, keepdim=True) for one in (up, maps[1]) for f in (paddle.mean, paddle.max)]
        weight = F.sigmoid(self.attention(paddle.concat(both, axis=1)))
        x = up * weight + maps[1] * (1 - weight)
        return F.interpolate(self.head(x), image.shape[2:], mode="bilinear")


class VisionTransformer(nn.Layer):
    """Patches through Paddle's transformer encoder, and a linear layer."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2D(3, 32, 8, 8)
        layer = nn.TransformerEncoderLayer(32, 4, 64, dropout=0.0, activation="gelu", normalize_before=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(32, CLASSES)

    def forward(self, image):
        tokens = self.patches(image).flatten(2).transpose([0, 2, 1])
        x = self.head(self.encoder(tokens)).transpose([0, 2, 1])
        return x.reshape([-1, CLASSES, SIZE // 8, SIZE // 8])


def resnet() -> nn.Layer:
    return Encoded(paddle.vision.models.resnet18(pretrained=False), 512)


def mobilenet() -> nn.Layer:
    return Encoded(paddle.vision.models.mobilenet_v3_small(pretrained=False), 576)


NETWORKS = [
    ("unet", "U-Net", UNet, (11, 15)),
    ("fcn-resnet18", "FCN", resnet, (11, 15)),
    ("fcn-mobilenetv3", "FCN", mobilenet, (15,)),
    ("pp-liteseg", "PP-LiteSeg", PpLiteSeg, (11, 15)),
    ("vit", "ViT + linear", VisionTransformer, (15,)),
]


def cases() -> list[Case]:
    return [
        Case(
            f"paddle-{name}.paddle2onnx-{opset}",
            facts(architecture, "Paddle", f"paddle2onnx {opset}", SIZE),
            functools.partial(make, build, opset),
        )
        for name, architecture, build, opsets in NETWORKS
        for opset in opsets
    ]


def make(build: Callable[[], nn.Layer], opset: int, folder: Path) -> dict:
    paddle.seed(1)
    network = build()
    normalize_batches(network)
    spec = [paddle.static.InputSpec([1, 3, SIZE, SIZE], "float32", "image")]
    paddle.jit.save(network, str(folder / "static"), spec)
    program = next(path for path in folder.glob("static.*") if path.suffix in (".json", ".pdmodel"))
    paddle2onnx.export(
        str(program),
        str(folder / "static.pdiparams"),
        str(folder / "model.onnx"),
        opset_version=opset,
        optimize_tool="None",
    )
    precise = build()
    precise.set_state_dict(network.state_dict())
    precise.eval()
    precise.to(dtype="float64")
    corpus_files.write_best(folder, functools.partial(in_both, network, precise), SIZE, CLASSES)
    for path in folder.glob("static.*"):
        path.unlink()
    return {}


def normalize_batches(network: nn.Layer) -> None:
    """Sets the running statistics of batch normalizations to those of random images."""
    network.train()
    if any(isinstance(layer, nn.BatchNorm2D) for layer in network.sublayers()):
        for seed in range(30):
            network(paddle.to_tensor(np.random.default_rng(seed).random((4, 3, SIZE, SIZE), np.float32)))
    network.eval()


def in_both(network: nn.Layer, precise: nn.Layer, image: np.ndarray, labels: np.ndarray):
    _, single = gradient(network, image, labels)
    logits, double = gradient(precise, image.astype(np.float64), labels)
    return logits, double, single


def gradient(network: nn.Layer, image: np.ndarray, labels: np.ndarray):
    """Logits at the image's size, and the gradient of their mean cross-entropy."""
    pixels = paddle.to_tensor(image, stop_gradient=False)
    logits = network(pixels)
    if logits.shape[2:] != list(image.shape[2:]):
        logits = F.interpolate(logits, list(image.shape[2:]), mode="bilinear", align_corners=False)
    loss = F.cross_entropy(logits, paddle.to_tensor(labels)[:, None], axis=1)
    loss.backward()
    return logits.numpy(), pixels.grad.numpy()
