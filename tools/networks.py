"""The built-in architectures a second time, in PyTorch, from the parts of timm, transformers and torchvision.

Each class is a module from an image N×3×H×W in [0, 1] to logits N×K×H×W in the size of the image. What the libraries
lack (the mask transformer, the PSPNet head, mmsegmentation's SegFormer, the convolutional stem) is written here from
its description in the papers. `files` gives a network's state dictionary under the names of published checkpoints.
"""

from functools import partial

import timm.models.vision_transformer as timm_vit
import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models.resnet import Bottleneck
from transformers import ConvNextConfig, SegformerConfig, SegformerForSemanticSegmentation
from transformers import SwinConfig, UperNetConfig, UperNetForSemanticSegmentation

IMAGENET = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])


def normalized(image: torch.Tensor) -> torch.Tensor:
    mean, std = IMAGENET.to(image)[..., None, None]
    return (image - mean) / std


def resized(x: torch.Tensor, size, align_corners: bool = False) -> torch.Tensor:
    return F.interpolate(x, tuple(size), mode="bilinear", align_corners=align_corners)


class LayerNorm2d(nn.LayerNorm):
    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


STAGES = [f"stage{i + 1}" for i in range(4)]


class UperNetOn(nn.Module):
    """transformers' UPerNet on one of its backbones, whose third stage has `third` channels."""

    normalizes = True

    def __init__(self, backbone, third, channels, auxiliary, classes):
        super().__init__()
        config = UperNetConfig(
            backbone_config=backbone,
            hidden_size=channels,
            auxiliary_in_channels=third,
            auxiliary_channels=auxiliary,
            num_labels=classes,
        )
        self.net = UperNetForSemanticSegmentation(config)

    def forward(self, image):
        return self.net(normalized(image) if self.normalizes else image).logits

    def auxiliary(self, image):
        """Logits of the auxiliary head."""
        features = self.net.backbone.forward_with_filtered_kwargs(
            normalized(image) if self.normalizes else image
        ).feature_maps
        return resized(self.net.auxiliary_head(features), image.shape[2:])


class UperNet(UperNetOn):
    """On ConvNeXt; `stem` is None or (channels, stride) of 3×3 convolutions."""

    def __init__(self, dims, depths, channels, auxiliary, classes, stem=None):
        backbone = ConvNextConfig(hidden_sizes=dims, depths=depths, out_features=STAGES, layer_scale_init_value=1.0)
        super().__init__(backbone, dims[2], channels, auxiliary, classes)
        self.normalizes = stem is None
        if stem:
            self.net.backbone.embeddings = conv_stem(stem)


class SwinUperNet(UperNetOn):
    """On Swin, the first of whose stages has `width` channels."""

    def __init__(self, width, depths, heads, window, channels, auxiliary, classes):
        backbone = SwinConfig(
            embed_dim=width,
            depths=depths,
            num_heads=heads,
            window_size=window,
            out_features=STAGES,
        )
        super().__init__(backbone, 4 * width, channels, auxiliary, classes)


def conv_stem(convs) -> nn.Sequential:
    layers, previous = [], 3
    for channels, stride in convs:
        layers += [nn.Conv2d(previous, channels, 3, stride, 1), LayerNorm2d(channels, eps=1e-6), nn.GELU()]
        previous = channels
    return nn.Sequential(*layers)


class Segmenter(nn.Module):
    """timm's ViT with 16×16 patches and a mask transformer of timm's blocks."""

    def __init__(self, width, depth, heads, classes, grid, imagenet_classes=1000, layers=2):
        super().__init__()
        norm = partial(nn.LayerNorm, eps=1e-5)
        self.grid = grid
        self.vit = timm_vit.VisionTransformer(
            img_size=(16 * grid, 16 * grid),
            patch_size=16,
            embed_dim=width,
            depth=depth,
            num_heads=heads,
            num_classes=imagenet_classes,
            norm_layer=norm,
        )
        block = partial(timm_vit.Block, width, heads, qkv_bias=True, norm_layer=norm)
        self.proj_dec = nn.Linear(width, width)
        self.cls_emb = nn.Parameter(torch.zeros(1, classes, width))
        self.blocks = nn.ModuleList([block() for _ in range(layers)])
        self.decoder_norm = norm(width)
        self.proj_patch = nn.Parameter(torch.zeros(width, width))
        self.proj_classes = nn.Parameter(torch.zeros(width, width))
        self.mask_norm = norm(classes)

    def forward(self, image):
        n, _, h, w = image.shape
        rows, columns = -(-h // 16), -(-w // 16)
        padded = F.pad(image, (0, 16 * columns - w, 0, 16 * rows - h))
        tokens = self.encode(padded, rows, columns)[:, 1:]
        tokens = torch.cat([self.proj_dec(tokens), self.cls_emb.expand(n, -1, -1)], 1)
        for block in self.blocks:
            tokens = block(tokens)
        tokens = self.decoder_norm(tokens)
        classes = self.cls_emb.shape[1]
        patches = F.normalize(tokens[:, :-classes] @ self.proj_patch, dim=-1, eps=0)
        prototypes = F.normalize(tokens[:, -classes:] @ self.proj_classes, dim=-1, eps=0)
        masks = self.mask_norm(patches @ prototypes.transpose(1, 2))
        masks = masks.transpose(1, 2).reshape(n, classes, rows, columns)
        return resized(masks, padded.shape[2:])[:, :, :h, :w]

    def encode(self, image, rows, columns):
        positions = self.vit.pos_embed
        if (rows, columns) != (self.grid, self.grid):
            plane = positions[:, 1:].transpose(1, 2).unflatten(2, (self.grid, self.grid))
            plane = resized(plane, (rows, columns)).flatten(2).transpose(1, 2)
            positions = torch.cat([positions[:, :1], plane], 1)
        tokens = self.vit.patch_embed.proj(image).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.vit.cls_token.expand(len(image), -1, -1), tokens], 1) + positions
        for block in self.vit.blocks:
            tokens = block(tokens)
        return self.vit.norm(tokens)


class PspNet(nn.Module):
    """PSPNet at output stride 8 on torchvision's bottleneck blocks, stem 7×7 or three 3×3 (`deep`)."""

    def __init__(self, width, depths, classes, deep=False, channels=512, auxiliary=256, normalizes=False):
        super().__init__()
        self.normalizes = normalizes
        steps = [(3, width, 3, 2), (width, width, 3, 1), (width, 2 * width, 3, 1)] if deep else [(3, width, 7, 2)]
        stem = []
        for before, after, kernel, stride in steps:
            stem += [
                nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
        self.layer0 = nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1))
        before = steps[-1][1]
        for i, (depth, stride, dilation) in enumerate(zip(depths, [1, 2, 1, 1], [1, 1, 2, 4])):
            planes = width << i
            setattr(self, f"layer{i + 1}", layer(before, planes, depth, stride, dilation))
            before = 4 * planes
        self.ppm = nn.ModuleList([pooled(before, before // 4, size) for size in (1, 2, 3, 6)])
        self.cls = head(2 * before, channels, classes)
        self.aux = head(before // 2, auxiliary, classes)

    def forward(self, image):
        x = self.layer2(self.layer1(self.layer0(normalized(image) if self.normalizes else image)))
        x = self.layer4(self.layer3(x))
        x = torch.cat([x, *(resized(branch(x), x.shape[2:], True) for branch in self.ppm)], 1)
        return resized(self.cls(x), image.shape[2:], True)

    def auxiliary(self, image):
        x = self.layer3(self.layer2(self.layer1(self.layer0(normalized(image) if self.normalizes else image))))
        return resized(self.aux(x), image.shape[2:], True)


def layer(before, planes, depth, stride, dilation) -> nn.Sequential:
    shortcut = nn.Sequential(nn.Conv2d(before, 4 * planes, 1, stride, bias=False), nn.BatchNorm2d(4 * planes))
    blocks = [Bottleneck(before, planes, stride, shortcut, dilation=dilation)]
    blocks += [Bottleneck(4 * planes, planes, dilation=dilation) for _ in range(depth - 1)]
    return nn.Sequential(*blocks)


def pooled(before, after, size) -> nn.Sequential:
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(size), nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )


def head(before, channels, classes) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Dropout2d(0.1),
        nn.Conv2d(channels, classes, 1),
    )


class SegFormer(nn.Module):
    """transformers' SegFormer; `nvidia` has the layer norms of the original code, 1e-6 where it says so."""

    def __init__(self, dims, depths, channels, classes, heads=(1, 2, 5, 8), reductions=(8, 4, 2, 1), nvidia=False):
        super().__init__()
        config = SegformerConfig(
            hidden_sizes=dims,
            depths=depths,
            num_attention_heads=heads,
            sr_ratios=reductions,
            decoder_hidden_size=channels,
            num_labels=classes,
        )
        self.net = SegformerForSemanticSegmentation(config)
        for name, module in self.net.named_modules():
            outer = not any(part in name for part in ("patch_embeddings", "sequence_reduction"))
            if nvidia and isinstance(module, nn.LayerNorm) and outer:
                module.eps = 1e-6

    def forward(self, image):
        return resized(self.net(normalized(image)).logits, image.shape[2:])


class MixTransformer(nn.Module):
    """mmsegmentation's SegFormer, under its names."""

    def __init__(self, dims, depths, channels, classes, heads=(1, 2, 5, 8), reductions=(8, 4, 2, 1)):
        super().__init__()
        stages, before = [], 3
        for i, width in enumerate(dims):
            embed = nn.Module()
            kernel, stride = (7, 4) if i == 0 else (3, 2)
            embed.projection = nn.Conv2d(before, width, kernel, stride, kernel // 2)
            embed.norm = nn.LayerNorm(width, eps=1e-6)
            blocks = nn.ModuleList([MixBlock(width, heads[i], reductions[i]) for _ in range(depths[i])])
            stages.append(nn.ModuleList([embed, blocks, nn.LayerNorm(width, eps=1e-6)]))
            before = width
        self.backbone = nn.Module()
        self.backbone.layers = nn.ModuleList(stages)
        self.decode_head = nn.Module()
        self.decode_head.conv_seg = nn.Conv2d(channels, classes, 1)
        self.decode_head.convs = nn.ModuleList([conv_module(width, channels) for width in dims])
        self.decode_head.fusion_conv = conv_module(len(dims) * channels, channels)

    def forward(self, image):
        x, maps = normalized(image), []
        for embed, blocks, norm in self.backbone.layers:
            x = embed.projection(x)
            size = x.shape[2:]
            tokens = embed.norm(x.flatten(2).transpose(1, 2))
            for block in blocks:
                tokens = block(tokens, size)
            x = norm(tokens).transpose(1, 2).unflatten(2, size)
            maps.append(x)
        head = self.decode_head
        maps = [resized(_conv(conv, x), maps[0].shape[2:]) for conv, x in zip(head.convs, maps)]
        return resized(head.conv_seg(_conv(head.fusion_conv, torch.cat(maps, 1))), image.shape[2:])


class MixBlock(nn.Module):
    def __init__(self, width, heads, reduction):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = nn.Module()
        self.attn.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.reduction = reduction
        if reduction > 1:
            self.attn.sr = nn.Conv2d(width, width, reduction, reduction)
            self.attn.norm = nn.LayerNorm(width, eps=1e-6)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.ffn = nn.Module()
        inner = 4 * width
        pointwise = nn.Conv2d(width, inner, 1)
        depthwise = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.ffn.layers = nn.Sequential(pointwise, depthwise, nn.GELU(), nn.Dropout(0), nn.Conv2d(inner, width, 1))

    def forward(self, tokens, size):
        queries = keys = self.norm1(tokens)
        if self.reduction > 1:
            keys = self.attn.sr(keys.transpose(1, 2).unflatten(2, size)).flatten(2).transpose(1, 2)
            keys = self.attn.norm(keys)
        tokens = tokens + self.attn.attn(queries, keys, keys)[0]
        plane = self.norm2(tokens).transpose(1, 2).unflatten(2, size)
        return tokens + self.ffn.layers(plane).flatten(2).transpose(1, 2)


def conv_module(before, after) -> nn.Module:
    module = nn.Module()
    module.conv = nn.Conv2d(before, after, 1, bias=False)
    module.bn = nn.BatchNorm2d(after)
    return module


def _conv(module, x):
    return F.relu(module.bn(module.conv(x)))


def randomize(network: nn.Module, seed: int) -> nn.Module:
    """Draws every parameter and statistic so that signals keep their size; all are exact in float16."""
    generator = torch.Generator().manual_seed(seed)

    def draw(shape, deviation, mean=0.0):
        return torch.randn(shape, generator=generator) * deviation + mean

    with torch.no_grad():
        for name, tensor in (*network.named_parameters(), *network.named_buffers()):
            if name.endswith("num_batches_tracked"):
                tensor.fill_(7)
                continue
            if not tensor.is_floating_point():  # positions of a table's entries
                continue
            if name.endswith("running_var"):
                value = draw(tensor.shape, 0.2, 1).abs() + 0.3
            elif tensor.ndim == 1:
                scale = name.endswith(("layer_scale_parameter", "weight"))
                value = draw(tensor.shape, 0.2, 1.0 if scale else 0.0)
            else:
                embedding = name.endswith(("cls_token", "pos_embed", "cls_emb", "bias_table"))
                value = draw(tensor.shape, 0.5 if embedding else 1.3 / tensor[0].numel() ** 0.5)
            tensor.copy_(value.half().float())
    return network.eval()
