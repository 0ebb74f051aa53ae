"""A small UPerNet with a ConvNeXt backbone, seeded weights, as an ONNX file.

    python tools/upernet_small.py OUT.onnx [--opset 17] [--size 2x3x128x128] [--classes 21]

The layers are those of the robust UPerNet-ConvNeXt-T CvSt of arXiv 2306.12941, narrower and shallower: dims 32, 64,
128, 256, depths 1, 1, 3, 1, heads of 64 channels. Images in [0, 1] without normalisation, logits at image size. Opset
17 is written by the older of PyTorch's two exporters, GELU with Erf and sizes by Shape; 18 and later by the newer one,
from 20 on with GELU as one operator. The file is not kept in the repository: the same versions of the packages write
the same weights.
"""

import argparse

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from worker import dims_of

DIMS, DEPTHS, HEAD = (32, 64, 128, 256), (1, 1, 3, 1), 64


class LayerNorm2d(nn.Module):
    """Per pixel over the channels of N×C×H×W, written out as in ConvNeXt's channels-first form."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean(1, keepdim=True)
        scaled = centred / torch.sqrt(centred.pow(2).mean(1, keepdim=True) + 1e-6)
        return self.weight[:, None, None] * scaled + self.bias[:, None, None]


class Block(nn.Module):
    """Depthwise 7×7, then a channels-last MLP with layer scale, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.pwconv1, self.pwconv2 = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)
        self.gamma = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        y = self.gamma * self.pwconv2(F.gelu(self.pwconv1(y)))
        return x + y.permute(0, 3, 1, 2)


class Backbone(nn.Module):
    """ConvNeXt with a convolutional stem; returns the normalised outputs of its four stages."""

    def __init__(self) -> None:
        super().__init__()
        first, half = DIMS[0], DIMS[0] // 2
        stem = nn.Sequential(
            *(nn.Conv2d(3, half, 3, 2, 1), LayerNorm2d(half), nn.GELU()),
            *(nn.Conv2d(half, first, 3, 2, 1), LayerNorm2d(first), nn.GELU()),
        )
        down = [nn.Sequential(LayerNorm2d(a), nn.Conv2d(a, b, 2, 2)) for a, b in zip(DIMS, DIMS[1:])]
        self.downsample_layers = nn.ModuleList([stem, *down])
        self.stages = nn.ModuleList(nn.Sequential(*(Block(d) for _ in range(n))) for d, n in zip(DIMS, DEPTHS))
        self.norms = nn.ModuleList(LayerNorm2d(d) for d in DIMS)

    def forward(self, x: Tensor) -> list[Tensor]:
        outputs = []
        for down, stage, norm in zip(self.downsample_layers, self.stages, self.norms):
            x = stage(down(x))
            outputs.append(norm(x))
        return outputs


class ConvModule(nn.Sequential):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        super().__init__(conv, nn.BatchNorm2d(outputs), nn.ReLU())


def adaptive_pool(x: Tensor, bins: int) -> Tensor:
    """Adaptive average pooling to bins×bins; ONNX lacks it, so an export gets slices and means."""
    if not torch.onnx.is_in_onnx_export():
        return F.adaptive_avg_pool2d(x, bins)
    for axis in (2, 3):
        n = int(x.shape[axis])
        windows = [(i * n // bins, -(-(i + 1) * n // bins)) for i in range(bins)]
        x = torch.cat([x.narrow(axis, a, b - a).mean(axis, keepdim=True) for a, b in windows], axis)
    return x


def resize(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)


class UPerNet(nn.Module):
    """Pyramid pooling on the last stage, top-down sums, one 3×3 convolution over all levels."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.ppm = nn.ModuleList(ConvModule(DIMS[3], HEAD, 1) for _ in (1, 2, 3, 6))
        self.bottleneck = ConvModule(DIMS[3] + 4 * HEAD, HEAD, 3)
        self.laterals = nn.ModuleList(ConvModule(d, HEAD, 1) for d in DIMS[:3])
        self.fpn = nn.ModuleList(ConvModule(HEAD, HEAD, 3) for _ in DIMS[:3])
        self.fpn_bottleneck = ConvModule(4 * HEAD, HEAD, 3)
        self.classifier = nn.Conv2d(HEAD, classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        outputs = self.backbone(image)
        last = outputs[3]
        pooled = [resize(conv(adaptive_pool(last, bins)), last) for conv, bins in zip(self.ppm, (1, 2, 3, 6))]
        levels = [lateral(x) for lateral, x in zip(self.laterals, outputs)]
        levels.append(self.bottleneck(torch.cat([last, *pooled], 1)))
        for i in (3, 2, 1):
            levels[i - 1] = levels[i - 1] + resize(levels[i], levels[i - 1])
        levels[:3] = [conv(x) for conv, x in zip(self.fpn, levels)]
        together = torch.cat([resize(x, levels[0]) for x in levels], 1)
        return resize(self.classifier(self.fpn_bottleneck(together)), image)


def build(classes: int, seed: int = 0) -> UPerNet:
    """The network in inference mode; weights drawn so that every layer passes a signal on."""
    generator = torch.Generator().manual_seed(seed)
    model = UPerNet(classes).eval().requires_grad_(False)
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1:
            fan_in = parameter[0].numel()
            parameter.normal_(0, fan_in**-0.5, generator=generator)
        elif name.endswith("bias"):
            parameter.normal_(0, 0.05, generator=generator)
        else:
            parameter.uniform_(0.8, 1.2, generator=generator)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1, generator=generator)
            module.running_var.uniform_(0.5, 1.5, generator=generator)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--opset", type=int, default=17)
    parser.add_argument("--size", default="2x3x128x128", help="N x 3 x H x W of the image")
    parser.add_argument("--classes", type=int, default=21)
    arguments = parser.parse_args()
    model, image = build(arguments.classes), torch.rand(dims_of(arguments.size))
    torch.onnx.export(
        model,
        (image,),
        arguments.out,
        input_names=["image"],
        output_names=["logits"],
        opset_version=arguments.opset,
        dynamo=arguments.opset >= 18,  # The new exporter starts there.
        external_data=False,
    )
    print(f"{arguments.out}: {sum(p.numel() for p in model.parameters())} parameters")


if __name__ == "__main__":
    main()
