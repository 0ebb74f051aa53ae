"""State dictionaries of the networks of networks.py under the names that published files use."""

import re

import torch

State = dict[str, torch.Tensor]
Renames = list[tuple[str, str]]


def renamed(state: State, renames: Renames) -> State:
    """Every key with all substitutions applied in turn."""
    result = {}
    for key, tensor in state.items():
        for pattern, replacement in renames:
            key = re.sub(pattern, replacement, key)
        result[key] = tensor
    return result


def within(state: State, prefix: str) -> State:
    """The part below a prefix, without it."""
    return {key.removeprefix(prefix): tensor for key, tensor in state.items() if key.startswith(prefix)}


CONVNEXT_TO_META = [
    (r"embeddings\.patch_embeddings", "downsample_layers.0.0"),
    (r"embeddings\.layernorm", "downsample_layers.0.1"),
    (r"embeddings\.(\d)\.", r"downsample_layers.0.stem.\1."),
    (r"encoder\.stages\.(\d)\.downsampling_layer", r"downsample_layers.\1"),
    (r"encoder\.stages\.(\d)\.layers", r"stages.\1"),
    (r"layer_scale_parameter", "gamma"),
    (r"(stages\.\d\.\d+)\.layernorm", r"\1.norm"),
]
STAGE_NORMS = [(rf"hidden_states_norms\.stage{i + 1}", f"norm{i}") for i in range(4)]
UPERNET_TO_AUTHORS = [*CONVNEXT_TO_META, *STAGE_NORMS]
UPERNET_HEADS_TO_MMSEGMENTATION = [(r"batch_norm", "bn"), (r"classifier", "conv_seg")]
UPERNET_TO_MMSEGMENTATION = [
    *UPERNET_TO_AUTHORS,
    *UPERNET_HEADS_TO_MMSEGMENTATION,
    (r"dwconv", "depthwise_conv"),
    (r"pwconv", "pointwise_conv"),
]
CONVNEXT_TO_TIMM = [
    *CONVNEXT_TO_META,
    (r"downsample_layers\.0\.stem", "stem.stem"),
    (r"downsample_layers\.0", "stem"),
    (r"downsample_layers\.(\d)", r"stages.\1.downsample"),
    (r"stages\.(\d)\.(\d+)\.", r"stages.\1.blocks.\2."),
    (r"dwconv", "conv_dw"),
    (r"pwconv", "mlp.fc"),
]
# The names of files on the hub; transformers 5 renames them on loading.
SWIN_TO_HUB = [
    (r"backbone\.swin\.(encoder|embeddings)", r"backbone.\1"),
    (r"attention\.q_proj", "attention.self.query"),
    (r"attention\.k_proj", "attention.self.key"),
    (r"attention\.v_proj", "attention.self.value"),
    (r"attention\.o_proj", "attention.output.dense"),
    (r"attention\.relative_position_bias\.", "attention.self."),
    (r"mlp\.fc1", "intermediate.dense"),
    (r"mlp\.fc2", "output.dense"),
]
SWIN_TO_AUTHORS = [
    *STAGE_NORMS,
    (r"embeddings\.patch_embeddings\.projection", "patch_embed.proj"),
    (r"embeddings\.norm", "patch_embed.norm"),
    (r"^encoder\.", ""),
    (r"layernorm_before", "norm1"),
    (r"layernorm_after", "norm2"),
    (r"attention\.self\.", "attn."),
    (r"attention\.output\.dense", "attn.proj"),
    (r"intermediate\.dense", "mlp.fc1"),
    (r"output\.dense", "mlp.fc2"),
]
SEGMENTER_TO_AUTHORS = [(r"^vit\.", "encoder."), (r"^(?!encoder)", "decoder.")]
PSPNET_TO_AUTHORS = [(r"^ppm\.", "ppm.features.")]
PSPNET_TO_DDCAT = [*PSPNET_TO_AUTHORS, (r"^cls\.", "cls1."), (r"^aux\.", "aux_cls1.")]
PSPNET_TO_TORCHVISION = [
    (r"^layer0\.0\.", "conv1."),
    (r"^layer0\.1\.", "bn1."),
    (r"^layer0\.3\.", "conv2."),
    (r"^layer0\.4\.", "bn2."),
    (r"^layer0\.6\.", "conv3."),
    (r"^layer0\.7\.", "bn3."),
]
# The names of files on the hub; transformers 5 renames them on loading.
SEGFORMER_TO_HUB = [
    (r"stages\.(\d)\.patch_embeddings", r"encoder.patch_embeddings.\1"),
    (r"stages\.(\d)\.blocks", r"encoder.block.\1"),
    (r"stages\.(\d)\.layer_norm", r"encoder.layer_norm.\1"),
    (r"attention\.q_proj", "attention.self.query"),
    (r"attention\.k_proj", "attention.self.key"),
    (r"attention\.v_proj", "attention.self.value"),
    (r"attention\.sequence_reduction\.sequence_reduction", "attention.self.sr"),
    (r"attention\.sequence_reduction\.layer_norm", "attention.self.layer_norm"),
    (r"attention\.o_proj", "attention.output.dense"),
    (r"mlp\.fc", "mlp.dense"),
    (r"layernorm_before", "layer_norm_1"),
    (r"layernorm_after", "layer_norm_2"),
    (r"linear_projections", "linear_c"),
]


def segformer_to_nvidia(state: State) -> State:
    """The original code's names: stages count from 1, keys and values are one matrix."""
    state = renamed(state, SEGFORMER_TO_HUB)
    for key in [key for key in state if ".self.key." in key]:
        value = state.pop(key.replace(".key.", ".value."))
        state[key.replace(".self.key.", ".kv.")] = torch.cat([state.pop(key), value])
    result = renamed(
        state,
        [
            (r"segformer\.encoder\.", "backbone."),
            (r"patch_embeddings\.(\d)\.proj", r"patch_embed\1.proj"),
            (r"patch_embeddings\.(\d)\.layer_norm", r"patch_embed\1.norm"),
            (r"block\.(\d)\.", r"block\1."),
            (r"backbone\.layer_norm\.(\d)", r"backbone.norm\1"),
            (r"layer_norm_(\d)", r"norm\1"),
            (r"attention\.", "attn."),
            (r"attn\.self\.query", "attn.q"),
            (r"attn\.self\.", "attn."),
            (r"attn\.output\.dense", "attn.proj"),
            (r"attn\.layer_norm", "attn.norm"),
            (r"mlp\.dense", "mlp.fc"),
            (r"linear_fuse", "linear_fuse.conv"),
            (r"decode_head\.batch_norm", "decode_head.linear_fuse.bn"),
            (r"decode_head\.classifier", "decode_head.linear_pred"),
            (r"linear_c\.(\d)", r"linear_c\1"),
        ],
    )
    counted = {
        re.sub(r"(patch_embed|backbone\.block|backbone\.norm|linear_c)(\d)", _next, k): v for k, v in result.items()
    }
    pred = counted["decode_head.linear_pred.weight"]
    # The base class of the heads makes a classifier that the SegFormer head does not use.
    unused = {
        "decode_head.conv_seg.weight": torch.zeros_like(pred),
        "decode_head.conv_seg.bias": torch.zeros(len(pred)),
    }
    return counted | unused


def swin_to_authors(state: State) -> State:
    """The backbone of a state under the hub's names: queries, keys and values are one matrix."""
    state = renamed(within(state, "backbone."), SWIN_TO_AUTHORS)
    state = {key: tensor for key, tensor in state.items() if not key.startswith("swin.")}  # transformers 5's last norm
    for key in [key for key in state if ".query." in key]:
        parts = [state.pop(key.replace("query", part)) for part in ("query", "key", "value")]
        state[key.replace("query", "qkv")] = torch.cat(parts)
    return state


def swin_to_timm(state: State) -> State:
    """Merging belongs to the stage that follows."""
    later = {f"layers.{i}.downsample": f"layers.{i + 1}.downsample" for i in range(3)}
    return {later.get(k[:19], k[:19]) + k[19:]: v for k, v in swin_to_authors(state).items()}


def _next(match: re.Match) -> str:
    return f"{match[1]}{int(match[2]) + 1}"
