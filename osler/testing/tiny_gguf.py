"""A tiny random Gemma 3 in GGUF, in any block type, with its projector file."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from osler.testing.random_blocks import quantised_blocks
from osler.testing.random_weights import random_text, random_vision
from osler.testing.shape import BLOCK_SHAPE, TinyShape
from osler.testing.vocabulary import TINY_VOCABULARY

__all__ = ["write_gguf", "write_projector"]

_TEXT_TENSORS = {
    "embed_tokens": "token_embd",
    "norm": "output_norm",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "post_attention_norm",
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "post_ffw_norm",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_VISION_TENSORS = {
    "embeddings.patch_embedding": "patch_embd",
    "embeddings.position_embedding": "position_embd",
    "post_layernorm": "post_ln",
    "layer_norm1": "ln1",
    "layer_norm2": "ln2",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.out_proj": "attn_out",
    "mlp.fc1": "ffn_up",
    "mlp.fc2": "ffn_down",
}


def write_gguf(
    path: Path,
    kind: str = "Q8_0",
    *,
    shape: TinyShape | None = None,
    seed: int = 0,
    embedding_kind: str | None = None,
    kinds: Mapping[str, str] | None = None,
    soft_token: bool = False,
    projector: str | None = "F16",
) -> Path:
    """A text model in GGUF, all of its matrices of one block type, and `mmproj.gguf` beside it.

    Types that the gguf package can quantise to hold the weights of `write_safetensors` with the same seed and shape;
    the others hold random legal blocks of the same size.

    Args:
        kind: a block type's name, such as "Q4_K".
        shape: `BLOCK_SHAPE` if left out, whose widths super-blocks divide.
        embedding_kind: another type for the embedding, as published files have it.
        kinds: other types for matrices whose names end so: {"attn_v": "Q6_K", "blk.0.ffn_down": "Q5_K"}.
        soft_token: whether the vocabulary goes on to <image_soft_token>; most published files end before it.
        projector: the number format of the projector file, or None for no such file.
    """
    from gguf import GGUFWriter

    shape = shape or BLOCK_SHAPE
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = GGUFWriter(path, "gemma3")
    _add_text_metadata(writer, shape)
    _add_vocabulary(writer, soft_token=soft_token)
    generator = np.random.default_rng(seed)
    for name, values in random_text(shape, seed):
        stem = name.removesuffix(".weight")
        if stem.startswith("layers."):
            _, layer, part = stem.split(".", 2)
            tensor = f"blk.{layer}.{_TEXT_TENSORS[part]}.weight"
        else:
            tensor = f"{_TEXT_TENSORS[stem]}.weight"
        if values.ndim == 1:
            writer.add_tensor(tensor, values + np.float32(1))
            continue
        if stem == "embed_tokens":
            rows = len(values) - (not soft_token)
            _add_matrix(writer, tensor, values[:rows], embedding_kind or kind, generator)
        else:
            _add_matrix(writer, tensor, values, _kind_of(tensor, kinds or {}, kind), generator)
    _finish(writer)
    if projector is not None:
        write_projector(path.with_name("mmproj.gguf"), projector, shape=shape, seed=seed)
    return path


def write_projector(
    path: Path, kind: str = "F16", *, shape: TinyShape | None = None, seed: int = 0, swapped: bool = False
) -> Path:
    """A projector file (mmproj) with matrices in F32, F16 or BF16.

    Args:
        swapped: name the feed-forward's two matrices the wrong way round, as older converters did.
    """
    from gguf import GGUFWriter

    shape = shape or BLOCK_SHAPE
    writer = GGUFWriter(path, "clip")
    _add_vision_metadata(writer, shape)
    generator = np.random.default_rng(seed)
    for name, values in random_vision(shape, seed):
        tensor = _vision_tensor(name)
        if swapped:
            swap = {"ffn_up": "ffn_down", "ffn_down": "ffn_up"}
            tensor = ".".join(swap.get(part, part) for part in tensor.split("."))
        if tensor == "mm.soft_emb_norm.weight":
            writer.add_tensor(tensor, values + np.float32(1))
        elif values.ndim == 1 or "position" in tensor:
            writer.add_tensor(tensor, values)
        else:
            _add_matrix(writer, tensor, values, kind, generator)
    _finish(writer)
    return path


def _kind_of(tensor: str, kinds: Mapping[str, str], otherwise: str) -> str:
    return next((kind for end, kind in kinds.items() if tensor.removesuffix(".weight").endswith(end)), otherwise)


def _vision_tensor(name: str) -> str:
    if name.startswith("multi_modal_projector."):
        return "mm.soft_emb_norm.weight" if "norm" in name else "mm.input_projection.weight"
    stem, part = name.removeprefix("vision_tower.").rsplit(".", 1)
    if stem.startswith("encoder.layers."):
        layer, inner = stem.removeprefix("encoder.layers.").split(".", 1)
        return f"v.blk.{layer}.{_VISION_TENSORS[inner]}.{part}"
    return f"v.{_VISION_TENSORS[stem]}.{part}"


def _add_matrix(writer, tensor: str, values: np.ndarray, kind: str, generator: np.random.Generator) -> None:
    from gguf import GGMLQuantizationType

    blocks = quantised_blocks(values, kind, generator)
    if blocks.dtype == np.uint8:
        writer.add_tensor(tensor, blocks, raw_dtype=GGMLQuantizationType[kind])
    else:
        writer.add_tensor(tensor, blocks)


def _add_text_metadata(writer, shape: TinyShape) -> None:
    from gguf import RopeScalingType

    writer.add_name("tiny")
    writer.add_context_length(shape.context_length)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward_width)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_width)
    writer.add_value_length(shape.head_width)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_sliding_window(shape.window)
    if shape.rope_factor != 1:
        writer.add_rope_scaling_type(RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(shape.rope_factor)


def _add_vocabulary(writer, *, soft_token: bool) -> None:
    tokens = TINY_VOCABULARY.gguf_tokens(soft_token=soft_token)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores(TINY_VOCABULARY.scores[: len(tokens)].tolist())
    writer.add_token_types(TINY_VOCABULARY.types[: len(tokens)])
    writer.add_bos_token_id(tokens.index(b"<bos>"))
    writer.add_eos_token_id(tokens.index(b"<eos>"))
    writer.add_unk_token_id(tokens.index(b"<unk>"))
    writer.add_pad_token_id(tokens.index(b"<pad>"))
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)


def _add_vision_metadata(writer, shape: TinyShape) -> None:
    writer.add_type("mmproj")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", "gemma3")
    writer.add_bool("clip.use_gelu", True)
    numbers = {
        "image_size": shape.image_px,
        "patch_size": shape.patch_px,
        "embedding_length": shape.vision_width,
        "feed_forward_length": shape.vision_feed_forward_width,
        "block_count": shape.vision_layers,
        "attention.head_count": shape.vision_heads,
        "projection_dim": shape.width,
        "projector.scale_factor": shape.merge,
    }
    for key, number in numbers.items():
        writer.add_uint32(f"clip.vision.{key}", number)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-6)


def _finish(writer) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
