"""The table of PyTorch networks of `corpus.py`: segmentation networks of public libraries and of the papers.

Each row builds a module from an image N×3×H×W in [0, 1] to the outputs that people export, and says which logits
N×K×H×W these outputs stand for. All weights are random: `corpus_reference.py` draws them.
"""

import dataclasses
import importlib.machinery
import sys
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path

import segmentation_models_pytorch as smp
import timm
import torch
import torch.nn.functional as F
import torchvision
import transformers
from torch import nn
from torchvision.models import segmentation

CLASSES = 5

Outputs = torch.Tensor | tuple[torch.Tensor, ...]


def resized(x: torch.Tensor, size) -> torch.Tensor:
    same = x.shape[2:] == torch.Size(size)
    return x if same else F.interpolate(x, tuple(size), mode="bilinear", align_corners=False)


def first_output(outputs: Outputs, size) -> torch.Tensor:
    """Logits of the first output: resized to the image, one channel u standing for (0, u)."""
    logits = outputs if isinstance(outputs, torch.Tensor) else outputs[0]
    if logits.shape[1] == 1:
        logits = torch.cat([torch.zeros_like(logits), logits], 1)
    return resized(logits, size)


def semantic_map(outputs: Outputs, size) -> torch.Tensor:
    """log Σ_q softmax(class) · sigmoid(mask) without the last class, from (class logits, mask logits)."""
    classes, masks = outputs
    scores = torch.einsum("nqk,nqhw->nkhw", classes.softmax(-1)[..., :-1], masks.sigmoid())
    return resized(scores, size).log()


def flat_map(outputs: Outputs, size) -> torch.Tensor:
    """Logits of an output N×(H·W)×K."""
    return outputs.transpose(1, 2).unflatten(2, tuple(size))


def probabilities(logits: Outputs) -> Outputs:
    return logits.softmax(1)


def class_bytes(logits: Outputs) -> Outputs:
    return logits.argmax(1).to(torch.uint8)


def all_sigmoid(outputs: Outputs) -> Outputs:
    return tuple(output.sigmoid() for output in outputs)


def threshold(logits: Outputs) -> Outputs:
    return (logits.sigmoid() > 0.5).to(torch.uint8) * 255


BOTH = ("torchscript-17", "dynamo-18")


@dataclasses.dataclass
class Network:
    """A row of the table."""

    name: str
    architecture: str
    library: str
    build: Callable[[], nn.Module]
    size: int = 64
    routes: tuple[str, ...] = BOTH
    outputs: tuple[str, ...] = ("logits",)
    logits: Callable[[Outputs, torch.Size], torch.Tensor] = first_output
    # What an export adds behind these outputs: probabilities, classes.
    ending: Callable[[Outputs], Outputs] | None = None
    # The output to name with --output, where Seawall cannot know it.
    output: str | None = None
    note: str = ""


class Wrapped(nn.Module):
    """A network whose outputs are picked from what it returns; constants are held as buffers."""

    def __init__(self, network: nn.Module, pick: Callable, **constants: torch.Tensor):
        super().__init__()
        self.network, self.pick, self.names = network, pick, tuple(constants)
        for name, value in constants.items():
            self.register_buffer(name, value)

    def forward(self, image):
        return self.pick(self.network, image, **{name: getattr(self, name) for name in self.names})


# torchvision


def from_torchvision(make, **options) -> nn.Module:
    network = make(weights=None, weights_backbone=None, num_classes=CLASSES, **options)
    return Wrapped(network, lambda net, image: net(image)["out"])


def with_auxiliary(make) -> nn.Module:
    network = make(weights=None, weights_backbone=None, num_classes=CLASSES, aux_loss=True)
    return Wrapped(network, lambda net, image: tuple(net(image).values()))


TORCHVISION = [
    Network("fcn-resnet50", "FCN", "torchvision", partial(from_torchvision, segmentation.fcn_resnet50)),
    Network(
        "deeplabv3-mobilenetv3",
        "DeepLabV3",
        "torchvision",
        partial(from_torchvision, segmentation.deeplabv3_mobilenet_v3_large),
        routes=(
            *BOTH,
            "torchscript-11",
            "dynamo-23",
            "torchscript-17+onnxsim",
            "torchscript-17+ort",
            "torchscript-17+int8",
        ),
    ),
    Network(
        "deeplabv3-auxiliary",
        "DeepLabV3",
        "torchvision",
        partial(with_auxiliary, segmentation.deeplabv3_mobilenet_v3_large),
        routes=("torchscript-17",),
        outputs=("out", "aux"),
        output="out",
        note="two outputs",
    ),
    Network(
        "lraspp-mobilenetv3",
        "LR-ASPP",
        "torchvision",
        partial(from_torchvision, segmentation.lraspp_mobilenet_v3_large),
        routes=(
            *BOTH,
            "torchscript-9",
            "torchscript-13-open",
            "dynamo-18-open",
            "torchscript-17+float16",
            "torchscript-17+onnxslim",
            "dynamo-18+onnxsim",
            "torchscript-17+ort",
            "torchscript-17+ort-all",
        ),
    ),
]

# segmentation_models_pytorch


def smp_row(architecture: str, encoder: str, *routes: str, suffix="", classes=CLASSES, **more) -> Network:
    build = partial(getattr(smp, architecture), encoder, encoder_weights=None, classes=classes)
    title = SMP_TITLES.get(architecture, architecture)
    name = f"{architecture.lower()}-{encoder}{suffix}"
    return Network(name, title, "segmentation_models_pytorch", build, routes=routes or BOTH, **more)


SMP_TITLES = {"Unet": "U-Net", "UnetPlusPlus": "U-Net++", "Linknet": "LinkNet", "Segformer": "SegFormer"}

SMP = [
    smp_row("Unet", "mobilenet_v2", *BOTH, "torchscript-17+onnxslim", "torchscript-17+ort", "torchscript-17-open"),
    smp_row("Unet", "resnext50_32x4d", "dynamo-20"),
    smp_row("Unet", "efficientnet-b0", "torchscript-13", "torchscript-17+float16"),
    smp_row("Unet", "tu-swin_tiny_patch4_window7_224", size=224),
    smp_row("Unet", "tu-mobilevitv2_050"),
    smp_row("Unet", "tu-efficientvit_b0"),
    smp_row("Unet", "tu-hrnet_w18_small", "dynamo-18"),
    smp_row("Unet", "tu-resnest14d", "torchscript-17"),
    smp_row("Unet", "vgg11_bn", "torchscript-17"),
    smp_row("Unet", "resnet18", *BOTH, suffix="-softmax", ending=probabilities, note="Softmax at the end"),
    smp_row("Unet", "resnet18", suffix="-argmax", ending=class_bytes, note="ArgMax and Cast to uint8 at the end"),
    smp_row(
        "Unet",
        "resnet18",
        "torchscript-17",
        suffix="-threshold",
        classes=1,
        ending=threshold,
        note="Sigmoid, threshold and ×255 at the end",
    ),
    smp_row("UnetPlusPlus", "efficientnet-b0", "torchscript-13", "dynamo-18"),
    smp_row("MAnet", "resnet18"),
    smp_row("Linknet", "se_resnet50", "torchscript-17"),
    smp_row("FPN", "mit_b0", *BOTH, "torchscript-17-open"),
    smp_row("FPN", "tu-maxvit_pico_rw_256", "torchscript-17", size=256),
    smp_row("FPN", "tu-convnextv2_atto", "torchscript-17"),
    smp_row("FPN", "tu-regnety_002", "dynamo-18"),
    smp_row("PSPNet", "resnet18", "torchscript-11", "dynamo-18", size=96),
    smp_row("PAN", "mobilenet_v2", size=256),
    smp_row("DeepLabV3", "resnet18", "dynamo-18"),
    smp_row("DeepLabV3Plus", "mobilenet_v2", *BOTH, "dynamo-18+onnxslim", "torchscript-17+ort"),
    smp_row("UPerNet", "tu-convnext_atto", *BOTH, "dynamo-18+ort", size=192),
    smp_row("Segformer", "mit_b0", *BOTH, "torchscript-17+ort", "torchscript-17+float16", "dynamo-23"),
    smp_row("DPT", "tu-vit_tiny_patch16_224", *BOTH, "dynamo-23", "torchscript-17+ort", size=224),
]

# transformers

EVERY_STAGE = ["stage1", "stage2", "stage3", "stage4"]


def eager(network: nn.Module) -> nn.Module:
    """The attention written out, which every exporter can trace."""
    network.set_attn_implementation("eager")
    return network


def with_logits(network: nn.Module) -> nn.Module:
    return Wrapped(eager(network), lambda net, image: net(pixel_values=image).logits)


def with_queries(network: nn.Module) -> nn.Module:
    def pick(net, image):
        found = net(pixel_values=image)
        return found.class_queries_logits, found.masks_queries_logits

    return Wrapped(eager(network), pick)


def segformer() -> nn.Module:
    config = transformers.SegformerConfig(
        hidden_sizes=[16, 32, 40, 64], decoder_hidden_size=32, num_labels=CLASSES, depths=[1, 1, 1, 1]
    )
    return with_logits(transformers.SegformerForSemanticSegmentation(config))


def upernet_swin() -> nn.Module:
    backbone = transformers.SwinConfig(
        embed_dim=24, depths=[2, 2, 2, 2], num_heads=[2, 4, 4, 8], window_size=7, out_features=EVERY_STAGE
    )
    return upernet(backbone, 96)


def upernet_convnext() -> nn.Module:
    backbone = transformers.ConvNextConfig(
        hidden_sizes=[24, 32, 48, 64], depths=[1, 1, 2, 1], out_features=EVERY_STAGE, layer_scale_init_value=1.0
    )
    return upernet(backbone, 48)


def upernet(backbone, auxiliary: int) -> nn.Module:
    config = transformers.UperNetConfig(
        backbone_config=backbone, hidden_size=32, auxiliary_in_channels=auxiliary, num_labels=CLASSES
    )
    return with_logits(transformers.UperNetForSemanticSegmentation(config))


SMALL_VIT = dict(hidden_size=48, num_hidden_layers=4, num_attention_heads=4, intermediate_size=96)


def beit(config_class, model_class) -> nn.Module:
    config = config_class(
        image_size=96,
        patch_size=8,
        out_indices=[0, 1, 2, 3],
        use_relative_position_bias=True,
        use_auxiliary_head=False,
        num_labels=CLASSES,
        layer_scale_init_value=1.0,
        **SMALL_VIT,
    )
    return with_logits(model_class(config))


def mobilevit() -> nn.Module:
    config = transformers.MobileViTConfig(
        image_size=64, hidden_sizes=[32, 48, 64], neck_hidden_sizes=[16, 16, 24, 32, 48, 64, 96], num_labels=CLASSES
    )
    return with_logits(transformers.MobileViTForSemanticSegmentation(config))


def mobilevitv2() -> nn.Module:
    config = transformers.MobileViTV2Config(image_size=64, width_multiplier=0.5, num_labels=CLASSES)
    return with_logits(transformers.MobileViTV2ForSemanticSegmentation(config))


def mobilenetv2() -> nn.Module:
    config = transformers.MobileNetV2Config(image_size=64, depth_multiplier=0.5, num_labels=CLASSES)
    return with_logits(transformers.MobileNetV2ForSemanticSegmentation(config))


def dpt() -> nn.Module:
    config = transformers.DPTConfig(
        image_size=64,
        patch_size=16,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[16, 24, 32, 32],
        fusion_hidden_size=32,
        auxiliary_loss_weight=0.0,
        use_auxiliary_head=False,
        num_labels=CLASSES,
        **SMALL_VIT,
    )
    return with_logits(transformers.DPTForSemanticSegmentation(config))


SMALL_SWIN = dict(embed_dim=24, depths=[1, 1, 2, 1], num_heads=[2, 4, 4, 8], window_size=4, out_features=EVERY_STAGE)


def maskformer() -> nn.Module:
    config = transformers.MaskFormerConfig(
        backbone_config=transformers.MaskFormerSwinConfig(**SMALL_SWIN),
        decoder_config=transformers.DetrConfig(
            d_model=32, decoder_layers=2, decoder_attention_heads=4, decoder_ffn_dim=64, num_queries=10
        ),
        fpn_feature_size=32,
        mask_feature_size=32,
        num_labels=CLASSES,
    )
    return with_queries(transformers.MaskFormerForInstanceSegmentation(config))


SMALL_MASK_DECODER = dict(
    feature_size=32,
    mask_feature_size=32,
    hidden_dim=32,
    encoder_feedforward_dim=64,
    encoder_layers=2,
    decoder_layers=3,
    num_attention_heads=4,
    dim_feedforward=64,
    num_queries=10,
)


def mask2former() -> nn.Module:
    config = transformers.Mask2FormerConfig(
        backbone_config=transformers.SwinConfig(**SMALL_SWIN), num_labels=CLASSES, **SMALL_MASK_DECODER
    )
    return with_queries(transformers.Mask2FormerForUniversalSegmentation(config))


def oneformer() -> nn.Module:
    config = transformers.OneFormerConfig(
        backbone_config=transformers.SwinConfig(**SMALL_SWIN),
        num_queries=10,
        hidden_dim=32,
        mask_dim=32,
        conv_dim=32,
        encoder_feedforward_dim=64,
        encoder_layers=2,
        decoder_layers=3,
        num_attention_heads=4,
        dim_feedforward=64,
        query_dec_layers=1,
        task_seq_len=7,
        is_training=False,
        num_labels=CLASSES,
    )

    def pick(net, image, task):
        found = net(pixel_values=image, task_inputs=task)
        return found.class_queries_logits, found.masks_queries_logits

    network = transformers.OneFormerForUniversalSegmentation(config)
    return Wrapped(eager(network), pick, task=torch.arange(7, dtype=torch.int64)[None])


def eomt() -> nn.Module:
    config = transformers.EomtConfig(
        image_size=64,
        patch_size=8,
        num_queries=10,
        num_blocks=2,
        num_upscale_blocks=1,
        num_labels=CLASSES,
        layerscale_value=1.0,
        mlp_ratio=2,
        **{k: v for k, v in SMALL_VIT.items() if k != "intermediate_size"},
    )
    return with_queries(transformers.EomtForUniversalSegmentation(config))


def detr() -> nn.Module:
    config = transformers.DetrConfig(
        backbone_config=transformers.ResNetConfig(
            embedding_size=16, hidden_sizes=[32, 48, 64, 96], depths=[1, 1, 1, 1], out_features=EVERY_STAGE
        ),
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        d_model=64,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=8,
        decoder_attention_heads=8,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        num_queries=10,
        num_labels=CLASSES,
    )

    def pick(net, image, mask):
        found = net(pixel_values=image, pixel_mask=mask)
        return found.logits, found.pred_masks

    return Wrapped(eager(transformers.DetrForSegmentation(config)), pick, mask=torch.ones(1, 64, 64, dtype=torch.int64))


def sam(rank_five: bool) -> nn.Module:
    """SAM with one point as its fixed prompt: the mask of that point."""
    config = transformers.SamConfig(
        vision_config=dict(
            hidden_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            image_size=64,
            patch_size=8,
            mlp_dim=96,
            output_channels=32,
            global_attn_indexes=[1],
            window_size=4,
            num_pos_feats=16,
        ),
        prompt_encoder_config=dict(hidden_size=32, image_size=64, patch_size=8, mask_input_channels=4),
        mask_decoder_config=dict(
            hidden_size=32, mlp_dim=64, num_attention_heads=4, iou_head_hidden_dim=32, num_hidden_layers=2
        ),
    )

    config.vision_config._attn_implementation = "eager"

    def pick(net, image, point):
        masks = net(pixel_values=image, input_points=point, multimask_output=False).pred_masks
        return masks if rank_five else masks[:, 0]

    return Wrapped(eager(transformers.SamModel(config)), pick, point=torch.tensor([[[[30.0, 34.0]]]]))


def dinov2_linear() -> nn.Module:
    """DINOv2 with a linear layer on its patches."""
    config = transformers.Dinov2Config(
        image_size=56,
        patch_size=14,
        mlp_ratio=2,
        layerscale_value=1.0,
        **{k: v for k, v in SMALL_VIT.items() if k != "intermediate_size"},
    )

    class Linear(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = transformers.Dinov2Model(config)
            self.classifier = nn.Conv2d(48, CLASSES, 1)

        def forward(self, image):
            tokens = self.encoder(image).last_hidden_state[:, 1:]
            rows, columns = image.shape[2] // 14, image.shape[3] // 14
            return self.classifier(tokens.transpose(1, 2).reshape(-1, 48, rows, columns))

    return Linear()


def hf(name, architecture, build, *routes, **more) -> Network:
    return Network(name, architecture, "transformers", build, routes=routes or BOTH, **more)


QUERIES = dict(outputs=("class_queries_logits", "masks_queries_logits"), logits=semantic_map, note="two outputs")

TRANSFORMERS = [
    hf("segformer", "SegFormer", segformer, *BOTH, "dynamo-23", "torchscript-17+onnxsim", "torchscript-17+ort"),
    hf("upernet-swin", "UPerNet-Swin", upernet_swin, *BOTH, "torchscript-17+onnxslim", size=192),
    hf("upernet-convnext", "UPerNet-ConvNeXt", upernet_convnext, *BOTH, "torchscript-17+float16", size=192),
    hf("beit", "BEiT", partial(beit, transformers.BeitConfig, transformers.BeitForSemanticSegmentation), size=96),
    hf(
        "data2vec",
        "Data2Vec",
        partial(beit, transformers.Data2VecVisionConfig, transformers.Data2VecVisionForSemanticSegmentation),
        "torchscript-17",
        size=96,
    ),
    hf("mobilevit", "MobileViT", mobilevit),
    hf("mobilevitv2", "MobileViTV2", mobilevitv2, "dynamo-18"),
    hf("mobilenetv2", "MobileNetV2 + DeepLabV3+", mobilenetv2),
    hf("dpt", "DPT", dpt),
    hf("maskformer", "MaskFormer", maskformer, size=128, **QUERIES),
    hf("mask2former", "Mask2Former", mask2former, "torchscript-17", size=128, **QUERIES),
    hf("oneformer", "OneFormer", oneformer, "torchscript-17", size=128, **QUERIES),
    hf("eomt", "EoMT", eomt, "torchscript-17", **QUERIES),
    hf(
        "detr",
        "DETR",
        detr,
        outputs=("logits", "pred_masks"),
        logits=semantic_map,
        note="two outputs",
    ),
    hf("sam", "SAM", partial(sam, False), "torchscript-17", note="one fixed point as prompt"),
    hf(
        "sam-rank5",
        "SAM",
        partial(sam, True),
        "torchscript-17",
        logits=lambda masks, size: first_output(masks[:, 0], size),
        note="one fixed point as prompt; masks N×1×1×h×w",
    ),
    hf("dinov2-linear", "DINOv2 + linear", dinov2_linear, size=56),
]

# timm: encoders under a small head


class EncoderHead(nn.Module):
    """A timm encoder of maps at several scales, each brought to the classes and summed at the finest scale."""

    def __init__(self, name: str, **options):
        super().__init__()
        self.encoder = timm.create_model(name, pretrained=False, features_only=True, **options)
        channels = self.encoder.feature_info.channels()
        self.heads = nn.ModuleList([nn.Conv2d(width, CLASSES, 1) for width in channels])

    def forward(self, image):
        maps = self.encoder(image)
        size = maps[0].shape[2:]
        return sum(F.interpolate(head(x), size, mode="bilinear") for head, x in zip(self.heads, maps))


def timm_row(encoder: str, *routes: str, size=64, **options) -> Network:
    build = partial(EncoderHead, encoder, **options)
    return Network(f"timm-{encoder}", f"{encoder} + linear heads", "timm", build, size, routes or ("torchscript-17",))


TIMM = [
    timm_row("mobileone_s0"),
    timm_row("fastvit_t8", "dynamo-18", size=128),
    timm_row("edgenext_xx_small", *BOTH),
    timm_row("poolformer_s12"),
    timm_row("repvit_m0_9", "dynamo-18"),
    timm_row("mambaout_femto", "dynamo-18"),
]

# Networks of papers that the libraries lack


def block(before: int, after: int, **options) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 3, padding=1, **options), nn.BatchNorm2d(after), nn.ReLU())


class SegNet(nn.Module):
    """An encoder whose poolings hand their indices to the decoder's unpooling."""

    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([block(3, 16), block(16, 24), block(24, 32)])
        self.up = nn.ModuleList([block(32, 24), block(24, 16), nn.Conv2d(16, CLASSES, 3, padding=1)])

    def forward(self, x):
        indices = []
        for down in self.down:
            x, where = F.max_pool2d(down(x), 2, 2, return_indices=True)
            indices.append(where)
        for up in self.up:
            x = up(F.max_unpool2d(x, indices.pop(), 2, 2))
        return x


class ENet(nn.Module):
    """ENet in small: initial block, asymmetric and dilated bottlenecks with PReLU, unpooling, deconvolution."""

    def __init__(self):
        super().__init__()
        self.initial = nn.Conv2d(3, 13, 3, 2, 1)
        self.first = self.bottleneck(16, dilation=1)
        self.asymmetric = nn.Sequential(
            nn.Conv2d(16, 16, (5, 1), padding=(2, 0)), nn.Conv2d(16, 16, (1, 5), padding=(0, 2))
        )
        self.dilated = self.bottleneck(16, dilation=2)
        self.act = nn.PReLU(16)
        self.full = nn.ConvTranspose2d(16, CLASSES, 3, 2, 1, output_padding=1)

    @staticmethod
    def bottleneck(width, dilation):
        return nn.Sequential(
            nn.Conv2d(width, 8, 1, bias=False),
            nn.BatchNorm2d(8),
            nn.PReLU(8),
            nn.Conv2d(8, width, 3, padding=dilation, dilation=dilation),
            nn.BatchNorm2d(width),
        )

    def forward(self, image):
        x = torch.cat([self.initial(image), F.max_pool2d(image, 2, 2)], 1)
        x, where = F.max_pool2d(self.act(x + self.first(x)), 2, 2, return_indices=True)
        x = self.act(x + self.dilated(x) + self.asymmetric(x))
        return self.full(F.max_unpool2d(x, where, 2, 2))


class BiSeNet(nn.Module):
    """A spatial path and a context path with attention, joined by feature fusion."""

    def __init__(self):
        super().__init__()
        self.spatial = nn.Sequential(block(3, 16, stride=2), block(16, 24, stride=2))
        self.context = nn.ModuleList([block(3, 16, stride=4), block(16, 24, stride=2), block(24, 32, stride=2)])
        self.attention = nn.ModuleList([nn.Conv2d(24, 24, 1), nn.Conv2d(32, 32, 1)])
        self.fusion = block(24 + 24 + 32, 32)
        self.gate = nn.Sequential(nn.Conv2d(32, 8, 1), nn.ReLU(), nn.Conv2d(8, 32, 1), nn.Sigmoid())
        self.head = nn.Conv2d(32, CLASSES, 1)

    def forward(self, image):
        detail = self.spatial(image)
        fine = self.context[1](self.context[0](image))
        coarse = self.context[2](fine)
        maps = [fine, coarse]
        maps = [x * torch.sigmoid(layer(F.adaptive_avg_pool2d(x, 1))) for layer, x in zip(self.attention, maps)]
        joined = [F.interpolate(x, detail.shape[2:], mode="bilinear") for x in maps]
        x = self.fusion(torch.cat([detail, *joined], 1))
        x = x + x * self.gate(F.adaptive_avg_pool2d(x, 1))
        return F.interpolate(self.head(x), image.shape[2:], mode="bilinear", align_corners=True)


class ReNet(nn.Module):
    """Rows and columns of a map read by a recurrent layer in both directions."""

    def __init__(self, layer):
        super().__init__()
        self.stem = nn.Conv2d(3, 12, 4, 4)
        self.rows = layer(12, 8, batch_first=True, bidirectional=True)
        self.columns = layer(16, 8, batch_first=True, bidirectional=True)
        self.head = nn.Conv2d(16, CLASSES, 1)

    def forward(self, image):
        x = self.stem(image)
        x = self.rows(x[0].permute(1, 2, 0))[0]
        x = self.columns(x.permute(1, 0, 2))[0]
        return self.head(x.permute(2, 1, 0)[None])


class U2Net(nn.Module):
    """Side outputs of one channel at three scales, and their fusion."""

    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList([block(3, 16), block(16, 24), block(24, 32)])
        self.sides = nn.ModuleList([nn.Conv2d(width, 1, 3, padding=1) for width in (16, 24, 32)])
        self.fuse = nn.Conv2d(3, 1, 1)

    def forward(self, image):
        x, sides = image, []
        for stage, side in zip(self.stages, self.sides):
            x = stage(x)
            sides.append(F.interpolate(side(x), image.shape[2:], mode="bilinear"))
            x = F.max_pool2d(x, 2, 2, ceil_mode=True)
        return (self.fuse(torch.cat(sides, 1)), *sides)


class Deformable(nn.Module):
    """A deformable convolution (DCNv2) in a small network."""

    def __init__(self):
        super().__init__()
        self.stem = block(3, 16, stride=2)
        self.offset = nn.Conv2d(16, 18, 3, padding=1)
        self.mask = nn.Conv2d(16, 9, 3, padding=1)
        self.conv = torchvision.ops.DeformConv2d(16, 16, 3, padding=1)
        self.head = nn.Conv2d(16, CLASSES, 1)

    def forward(self, image):
        x = self.stem(image)
        return self.head(F.relu(self.conv(x, self.offset(x), torch.sigmoid(self.mask(x)))))


class Segmenter(nn.Module):
    """ViT with the mask transformer: class tokens are read together with the patches."""

    def __init__(self):
        super().__init__()
        self.vit = timm.create_model("vit_tiny_patch16_224", pretrained=False, img_size=64, patch_size=8, depth=3)
        self.classes = nn.Parameter(torch.randn(1, CLASSES, 192))
        layer = partial(nn.TransformerEncoderLayer, 192, 4, 256, dropout=0.0, batch_first=True, norm_first=True)
        self.decoder = nn.ModuleList([layer(), layer()])
        self.norm = nn.LayerNorm(CLASSES)

    def forward(self, image):
        tokens = self.vit.forward_features(image)[:, 1:]
        tokens = torch.cat([tokens, self.classes.expand(len(tokens), -1, -1)], 1)
        for layer in self.decoder:
            tokens = layer(tokens)
        patches, classes = (F.normalize(t, dim=-1) for t in (tokens[:, :-CLASSES], tokens[:, -CLASSES:]))
        masks = self.norm(patches @ classes.transpose(1, 2))
        return masks.transpose(1, 2).reshape(-1, CLASSES, 8, 8)


class FoldedWindows(nn.Module):
    """Windows cut by unfold, mixed, and summed back by fold, as in patch-based decoders."""

    def __init__(self):
        super().__init__()
        self.stem = block(3, 8)
        self.mix = nn.Linear(8 * 16, 8 * 16)
        self.head = nn.Conv2d(8, CLASSES, 1)

    def forward(self, image):
        x = self.stem(image)
        windows = F.unfold(x, 4, stride=2, padding=1).transpose(1, 2)
        windows = torch.tanh(self.mix(windows)).transpose(1, 2)
        return self.head(F.fold(windows, x.shape[2:], 4, stride=2, padding=1))


class PointSampling(nn.Module):
    """PointRend's and DCN's building blocks: sampling a map at computed places, pixel shuffle, rolled windows."""

    def __init__(self):
        super().__init__()
        self.stem = block(3, 16, stride=2)
        self.flow = nn.Conv2d(16, 2, 3, padding=1)
        self.head = nn.Conv2d(4, CLASSES, 1)

    def forward(self, image):
        x = self.stem(image)
        identity = F.affine_grid(0.9 * torch.eye(2, 3).to(x).expand(len(x), -1, -1), list(x.shape), align_corners=False)
        grid = identity + 0.05 * torch.tanh(self.flow(x)).permute(0, 2, 3, 1)
        x = F.mish(F.grid_sample(x, grid, align_corners=False)) + torch.roll(x, (1, 2), (2, 3))
        return self.head(F.pixel_shuffle(x, 2))


class FlatOutput(nn.Module):
    """Class scores as N×(H·W)×K."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(block(3, 16), block(16, 16), nn.Conv2d(16, CLASSES, 1))

    def forward(self, image):
        return self.net(image).flatten(2).transpose(1, 2)


def paper(name, architecture, build, *routes, **more) -> Network:
    return Network(name, architecture, "written for the corpus", build, routes=routes or BOTH, **more)


PAPERS = [
    paper("segnet", "SegNet", SegNet, "dynamo-18"),
    paper("enet", "ENet", ENet, "dynamo-18"),
    paper("bisenet", "BiSeNet", BiSeNet, *BOTH, "torchscript-17+int8"),
    paper("renet-lstm", "ReNet (LSTM)", partial(ReNet, nn.LSTM)),
    paper("renet-gru", "ReNet (GRU)", partial(ReNet, nn.GRU)),
    paper(
        "u2net",
        "U²-Net",
        U2Net,
        "torchscript-11",
        outputs=("d0", "d1", "d2", "d3"),
        output="d0",
        ending=all_sigmoid,
        note="four sigmoid outputs",
    ),
    paper("deformable", "DCNv2", Deformable, "dynamo-20"),
    paper("segmenter-vit", "Segmenter", Segmenter),
    paper("unfold-fold", "unfold and fold", FoldedWindows, "dynamo-18"),
    paper("point-sampling", "grid sampling", PointSampling, "dynamo-20"),
    paper("flat-output", "flat scores N×(H·W)×K", FlatOutput, "torchscript-17", logits=flat_map),
    paper(
        "flat-softmax",
        "flat scores N×(H·W)×K",
        FlatOutput,
        "torchscript-17",
        logits=flat_map,
        ending=lambda scores: scores.softmax(-1),
        note="Softmax at the end",
    ),
]

# MMSegmentation


def without_compiled_operators() -> None:
    """mmcv-lite lacks the compiled operators, which MMSegmentation imports and these networks never call."""

    class Absent(types.ModuleType):
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return lambda *_, **__: (_ for _ in ()).throw(NotImplementedError(name))

    if "mmcv._ext" not in sys.modules:
        absent = Absent("mmcv._ext")
        absent.__spec__ = importlib.machinery.ModuleSpec("mmcv._ext", None)
        sys.modules["mmcv._ext"] = absent


def from_mmseg(config: str, **changes) -> nn.Module:
    """A network of one of MMSegmentation's configurations, for five classes and without downloaded weights."""
    without_compiled_operators()
    import mmseg
    from mmengine.config import Config
    from mmseg.apis import init_model

    settings = Config.fromfile(str(Path(mmseg.__file__).parent / ".mim/configs" / config))
    model = settings.model
    model.pretrained = None
    model.backbone.pop("init_cfg", None)
    model.backbone.pop("pretrained", None)
    model.test_cfg = dict(mode="whole")
    for heads in (model.decode_head, model.get("auxiliary_head", [])):
        for head in heads if isinstance(heads, list) else [heads]:
            head.num_classes = CLASSES
            head.pop("loss_decode", None)
    plain_norms(model)
    model.backbone.update(changes)
    network = init_model(Config(dict(default_scope="mmseg", model=model)), device="cpu")
    return Wrapped(network, lambda net, image: net(image, mode="tensor"))


def plain_norms(settings) -> None:
    """BatchNorm in place of SyncBN, everywhere."""
    if isinstance(settings, dict):
        for key, value in settings.items():
            if key == "type" and value == "SyncBN":
                settings[key] = "BN"
            else:
                plain_norms(value)
    elif isinstance(settings, list | tuple):
        for value in settings:
            plain_norms(value)


def mm(name, architecture, config, *routes, size=64, **changes) -> Network:
    build = partial(from_mmseg, config, **changes)
    return Network(f"mm-{name}", architecture, "MMSegmentation", build, size, routes or ("torchscript-17",))


MMSEG = [
    mm("bisenetv2", "BiSeNetV2", "bisenetv2/bisenetv2_fcn_4xb4-160k_cityscapes-1024x1024.py"),
    mm("fastscnn", "Fast-SCNN", "fastscnn/fast_scnn_8xb4-160k_cityscapes-512x1024.py", size=192),
    mm("ddrnet", "DDRNet", "ddrnet/ddrnet_23-slim_in1k-pre_2xb6-120k_cityscapes-1024x1024.py"),
    mm("pidnet", "PIDNet", "pidnet/pidnet-s_2xb6-120k_1024x1024-cityscapes.py"),
    mm("stdc", "STDC", "stdc/stdc1_4xb12-80k_cityscapes-512x1024.py"),
    mm("erfnet", "ERFNet", "erfnet/erfnet_fcn_4xb4-160k_cityscapes-512x1024.py"),
    mm("cgnet", "CGNet", "cgnet/cgnet_fcn_4xb4-60k_cityscapes-680x680.py"),
    mm("icnet", "ICNet", "icnet/icnet_r18-d8_4xb2-80k_cityscapes-832x832.py", size=192),
    mm("hrnet-fcn", "HRNet", "hrnet/fcn_hr18s_4xb2-80k_cityscapes-512x1024.py"),
    mm("hrnet-ocr", "OCRNet", "ocrnet/ocrnet_hr18s_4xb2-80k_cityscapes-512x1024.py"),
    mm("ann", "ANN", "ann/ann_r50-d8_4xb2-40k_cityscapes-512x1024.py", "dynamo-18"),
    mm("isanet", "ISANet", "isanet/isanet_r50-d8_4xb2-40k_cityscapes-512x1024.py"),
    mm("nonlocal", "Non-local", "nonlocal_net/nonlocal_r50-d8_4xb2-40k_cityscapes-512x1024.py"),
    mm("encnet", "EncNet", "encnet/encnet_r50-d8_4xb2-40k_cityscapes-512x1024.py"),
    mm("gcnet", "GCNet", "gcnet/gcnet_r50-d8_4xb2-40k_cityscapes-512x1024.py"),
]

NETWORKS = [*PAPERS, *TRANSFORMERS, *TORCHVISION, *MMSEG, *SMP, *TIMM]
