"""Writes the golden files of test/nn: small networks of networks.py with random weights, and what they compute.

    python tools/networks_golden.py        (torch 2.15, timm 1.0, transformers 5.23, torchvision 0.29,
                                            and for Swin mmsegmentation 1.2.2 with mmcv-lite 2.1.0)

For each case of CASES test/golden/nn holds

    NAME.safetensors    image (uint8, 3×H×W), logits (K×H×W) and grad (3×H×W): the gradient of Σ logits · w for the
                        image in [0, 1], with w[i] = cos i over the flattened logits; `auxiliary` logits, if any;
                        computed in float64; for TRAINED, under train/, logits, gradient and running statistics of
                        a training step without dropout on a batch of the image mirrored and the image (of which it
                        holds logits and gradient)
    NAME.KEYMAP.pth or .safetensors     the weights under the names of that key map, in float16, which they fit exactly

and for the backbones of some ImageNet classifiers, under the names of the library that they were loaded into.
"""

import copy
import importlib.util
import re
import sys
from functools import partial
from pathlib import Path
from unittest.mock import MagicMock

import timm
import torch
import torchvision
from safetensors.torch import save_file
from transformers import SwinConfig, SwinForImageClassification

import checkpoints as to
from networks import MixTransformer, PspNet, SegFormer, Segmenter, SwinUperNet, UperNet, conv_stem, randomize

FOLDER = Path(__file__).parent.parent / "test" / "golden" / "nn"

CONVNEXT = {"dims": [8, 12, 16, 20], "depths": [1, 1, 2, 1]}
UPERNET = {**CONVNEXT, "channels": 8, "auxiliary": 6, "classes": 3}
STEM = [(4, 2), (8, 2)]
LARGE_STEM = [(4, 2), (6, 2), (8, 1)]
VIT = {"width": 12, "depth": 2, "heads": 3}
PSPNET = {"width": 2, "depths": [1, 2, 1, 1], "classes": 3, "channels": 8, "auxiliary": 6}
SWIN = {"width": 4, "depths": [2, 1, 2, 2], "heads": [1, 2, 2, 4], "window": 3}
MIT = {"dims": [4, 8, 10, 16], "depths": [1, 1, 1, 2], "channels": 8, "classes": 3}

# name: network, image size, {key map: state dictionary of the network}
CASES = {
    "upernet-cvst": (
        partial(UperNet, **UPERNET, stem=STEM),
        (45, 38),
        {"authors": lambda s: to.renamed(to.within(s, "net."), to.UPERNET_TO_AUTHORS)},
    ),
    "upernet-cvst-large": (
        partial(UperNet, **UPERNET, stem=LARGE_STEM),
        (33, 40),
        {"authors": lambda s: to.renamed(to.within(s, "net."), to.UPERNET_TO_AUTHORS)},
    ),
    "upernet-patch": (
        partial(UperNet, **UPERNET),
        (33, 48),
        {
            "transformers": lambda s: to.within(s, "net."),
            "mmsegmentation": lambda s: to.renamed(to.within(s, "net."), to.UPERNET_TO_MMSEGMENTATION),
        },
    ),
    "segmenter": (
        partial(Segmenter, **VIT, grid=2, classes=4, imagenet_classes=5),
        (40, 52),
        {"authors": lambda s: to.renamed(s, to.SEGMENTER_TO_AUTHORS)},
    ),
    "pspnet": (
        partial(PspNet, **PSPNET),
        (33, 41),
        {"authors": lambda s: to.renamed(s, to.PSPNET_TO_AUTHORS)},
    ),
    "pspnet-deep": (
        partial(PspNet, **PSPNET, deep=True, normalizes=True),
        (33, 41),
        {"ddcat": lambda s: with_other_heads(to.renamed(s, to.PSPNET_TO_DDCAT))},
    ),
    "segformer": (
        partial(SegFormer, **MIT),
        (32, 48),
        {
            "transformers-5": lambda s: to.within(s, "net."),
            "transformers": lambda s: to.renamed(to.within(s, "net."), to.SEGFORMER_TO_HUB),
        },
    ),
    "segformer-nvidia": (
        partial(SegFormer, **MIT, nvidia=True),
        (32, 48),
        {"nvidia": lambda s: to.segformer_to_nvidia(to.within(s, "net."))},
    ),
    "segformer-mmsegmentation": (partial(MixTransformer, **MIT), (45, 39), {"mmsegmentation": lambda s: s}),
    "upernet-swin": (
        partial(SwinUperNet, **SWIN, channels=8, auxiliary=6, classes=3),
        (43, 57),
        {
            "transformers-5": lambda s: to.within(s, "net."),
            "transformers": lambda s: with_position_indices(swin_hub_names(s)),
            "mmsegmentation": lambda s: upernet_swin_of_mmsegmentation(s),
        },
    ),
}

TRAINED = "pspnet"

# What is saved by torch.save, flat or nested as training code leaves it.
PICKLED = ["upernet-cvst.authors", "upernet-patch.mmsegmentation", "upernet-patch.meta", "segmenter.timm"]
NESTED = {
    "upernet-patch.mmsegmentation.pth": lambda state: {"meta": {"epoch": 3}, "state_dict": state},
    "upernet-patch.meta.pth": lambda state: {"model": state},
}


def with_other_heads(state: to.State) -> to.State:
    """DDC-AT's second classifier and its mask head."""
    others = {
        k.replace("cls1.", name): v for name in ("cls2.", "mask1.") for k, v in state.items() if k.startswith("cls1.")
    }
    return state | others


def swin_hub_names(state: to.State) -> to.State:
    return to.renamed(to.within(state, "net."), to.SWIN_TO_HUB)


def upernet_swin_of_mmsegmentation(state: to.State) -> to.State:
    hub = swin_hub_names(state)
    backbone = {f"backbone.{key}": tensor for key, tensor in swin_of_mmsegmentation(hub).state_dict().items()}
    heads = {key: tensor for key, tensor in hub.items() if "_head." in key}
    return backbone | to.renamed(heads, to.UPERNET_HEADS_TO_MMSEGMENTATION)


def swin_of_mmsegmentation(hub: to.State) -> torch.nn.Module:
    """mmsegmentation's own backbone, with a state that its own program converted from the authors' names."""
    # The compiled operators of mmcv are not in mmcv-lite, and Swin uses none of them.
    sys.modules |= {name: MagicMock() for name in ("mmcv.ops", "mmcv.ops.modulated_deform_conv")}
    import mmseg
    from mmseg.models.backbones.swin import SwinTransformer

    path = Path(mmseg.__file__).parent / ".mim/tools/model_converters/swin2mmseg.py"
    spec = importlib.util.spec_from_file_location("swin2mmseg", path)
    converter = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(converter)
    network = SwinTransformer(
        embed_dims=SWIN["width"], depths=SWIN["depths"], num_heads=SWIN["heads"], window_size=SWIN["window"]
    )
    network.eval()
    indices = {key: tensor for key, tensor in network.state_dict().items() if key.endswith("position_index")}
    network.load_state_dict(converter.convert_swin(to.swin_to_authors(hub)) | indices)
    return network


def with_position_indices(state: to.State) -> to.State:
    """The constants that files of transformers 4 hold beside each table of relative positions."""
    side = SWIN["window"] ** 2
    tables = [key for key in state if key.endswith("relative_position_bias_table")]
    return state | {key.replace("bias_table", "index"): torch.zeros(side, side, dtype=torch.int64) for key in tables}


def image_of(size: tuple[int, int], seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (3, *size), generator=generator, dtype=torch.uint8)


def expected(network: torch.nn.Module, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
    image = (pixels.float() / 255).double()[None].requires_grad_()
    network = network.double()
    logits = network(image)
    weights = torch.cos(torch.arange(logits.numel(), dtype=torch.float64)).reshape(logits.shape)
    (grad,) = torch.autograd.grad((logits * weights).sum(), image)
    result = {"image": pixels, "logits": logits[0], "grad": grad[0]}
    if hasattr(network, "auxiliary"):
        result["auxiliary"] = network.auxiliary(image)[0]
    network.float()
    return {k: v if k == "image" else v.detach().float().contiguous() for k, v in result.items()}


def trained(network: torch.nn.Module, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
    """The same in training mode; the network's own statistics stay."""
    network = copy.deepcopy(network).double().train()
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout2d):
            module.eval()
    batch = torch.stack([pixels.flip(2), pixels]).float() / 255
    image = batch.double().requires_grad_()
    logits = network(image)
    weights = torch.cos(torch.arange(logits.numel(), dtype=torch.float64)).reshape(logits.shape)
    (grad,) = torch.autograd.grad((logits * weights).sum(), image)
    state = to.renamed(network.state_dict(), to.PSPNET_TO_AUTHORS)
    statistics = {key: tensor for key, tensor in state.items() if "running" in key and "aux" not in key}
    result = {"logits": logits[1], "grad": grad[1], **statistics}
    return {f"train/{key}": tensor.detach().float().contiguous() for key, tensor in result.items()}


def save(state: to.State, path: str) -> None:
    """Floats in float16; `.pth` as training code saves them, nested or flat."""
    path += ".pth" if path in PICKLED else ".safetensors"
    state = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    if path.endswith(".safetensors"):
        save_file({k: v.clone().contiguous() for k, v in state.items()}, FOLDER / path)
    else:
        torch.save(NESTED[path](state) if path in NESTED else state, FOLDER / path)


def main() -> None:
    torch.manual_seed(0)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for seed, (name, (network, size, key_maps)) in enumerate(CASES.items()):
        network = randomize(network(), seed)
        image = image_of(size, seed)
        more = trained(network, image) if name == TRAINED else {}
        save_file(expected(network, image) | more, FOLDER / f"{name}.safetensors")
        for key_map, state in key_maps.items():
            save(state(network.state_dict()), f"{name}.{key_map}")
    backbones()
    print("\n".join(f"{path.stat().st_size:8} {path.name}" for path in sorted(FOLDER.iterdir())))


def backbones() -> None:
    """ImageNet files: of the cases' own backbones, so that what is loaded can be compared with the whole file."""
    for name, stem in (("upernet-cvst", STEM), ("upernet-patch", None)):
        seed = list(CASES).index(name)
        state = to.within(randomize(CASES[name][0](), seed).state_dict(), "net.backbone.")
        state = {k: v for k, v in state.items() if not k.startswith("hidden_states_norms")}
        classifier = timm.create_model("convnext_tiny", **CONVNEXT, num_classes=5)
        if stem:
            classifier.stem = torch.nn.Sequential()
            classifier.stem.stem = conv_stem(stem)
        head = {k: v for k, v in classifier.state_dict().items() if k.startswith("head.")}
        classifier.load_state_dict(to.renamed(state, to.CONVNEXT_TO_TIMM) | head)
        prefix = "module.base_model." if stem else ""
        save({prefix + k: v for k, v in classifier.state_dict().items()}, f"{name}.timm")
        if not stem:
            norm = {k.replace("head.norm", "norm").replace("head.fc", "head"): v for k, v in head.items()}
            meta = to.renamed(state, to.CONVNEXT_TO_META) | norm
            save(meta, f"{name}.meta")
    swin_backbones()
    vit = randomize(CASES["segmenter"][0](), list(CASES).index("segmenter")).vit.state_dict()
    normalizer = {"normalize.mean": torch.zeros(1, 3, 1, 1), "normalize.std": torch.ones(1, 3, 1, 1)}
    wrapped = {f"model.{k}": v for k, v in vit.items()} | normalizer
    save({f"module.base_model.{k}": v for k, v in wrapped.items()}, "segmenter.timm")
    for name in ("pspnet", "pspnet-deep"):
        trunk = randomize(CASES[name][0](), list(CASES).index(name)).state_dict()
        trunk = {k: v for k, v in trunk.items() if k.startswith("layer")}
        fc = {"fc.weight": torch.zeros(5, 8), "fc.bias": torch.zeros(5)}
        save(to.renamed(trunk, to.PSPNET_TO_TORCHVISION) | fc, f"{name}.torchvision")
    full = {k for k in PspNet(64, [3, 4, 6, 3], 21).state_dict() if k.startswith("layer")}
    names = set(to.renamed(dict.fromkeys(full), to.PSPNET_TO_TORCHVISION)) | {"fc.weight", "fc.bias"}
    assert names == set(torchvision.models.resnet50().state_dict()), "names are not torchvision's"


def swin_backbones() -> None:
    """Each under the names that the library's own classifier has, with a head and what else such files hold."""
    network = randomize(CASES["upernet-swin"][0](), list(CASES).index("upernet-swin"))
    hub = swin_hub_names(network.state_dict())
    ours = swin_of_mmsegmentation(hub)
    image = torch.rand(1, 3, 43, 57)
    for a, b in zip(ours(image), network.net.backbone(image).feature_maps):
        assert torch.allclose(a, b, atol=1e-5), "mmsegmentation computes something else"
    hub = {key: tensor for key, tensor in hub.items() if "hidden_states_norms" not in key}
    channels = 8 * SWIN["width"]
    norm = {"norm.weight": torch.ones(channels), "norm.bias": torch.zeros(channels)}
    sizes = {"embed_dim": SWIN["width"], "depths": SWIN["depths"], "num_heads": SWIN["heads"]}

    timm_network = timm.create_model(
        "swin_tiny_patch4_window7_224", img_size=96, window_size=SWIN["window"], num_classes=5, **sizes
    )
    head = {key: tensor for key, tensor in timm_network.state_dict().items() if key.startswith("head.")}
    timm_network.load_state_dict(to.swin_to_timm(hub) | norm | head)
    save(timm_network.state_dict(), "upernet-swin.timm")

    head = {key.replace("head.fc", "head"): tensor for key, tensor in head.items()}
    masks = {"layers.0.blocks.1.attn_mask": torch.zeros(1, 9, 9)}
    save(with_position_indices(to.swin_to_authors(hub)) | masks | norm | head, "upernet-swin.authors")
    converted = {key: tensor for key, tensor in ours.state_dict().items() if not re.match(r"norm\d", key)}
    save(converted | norm, "upernet-swin.mmsegmentation-backbone")

    classifier = SwinForImageClassification(SwinConfig(**sizes, window_size=SWIN["window"], num_labels=5))
    others = {
        key: tensor for key, tensor in classifier.state_dict().items() if re.match(r"classifier|swin.layernorm", key)
    }
    state = {
        key.replace("backbone.", "swin."): tensor for key, tensor in hub.items() if key.startswith("backbone.e")
    } | others
    assert set(state) == set(to.renamed(classifier.state_dict(), to.SWIN_TO_HUB)), "names are not transformers'"
    save(state, "upernet-swin.transformers-backbone")


if __name__ == "__main__":
    main()
