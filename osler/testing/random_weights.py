"""Random weights of a tiny Gemma 3, large enough that every part moves the result."""

from collections.abc import Iterator

import numpy as np

from osler.testing.shape import TinyShape

__all__ = [
    "Named",
    "RandomNumbers",
    "biased_linear",
    "layer_norm",
    "random_text",
    "random_tower",
    "random_vision",
    "to_bfloat16",
]

Named = tuple[str, np.ndarray]


def to_bfloat16(values: np.ndarray) -> np.ndarray:
    """The bits of the nearest bfloat16, ties to even: uint16."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


class RandomNumbers:
    """Random numbers that bfloat16 holds exactly, so that every number format of a checkpoint means the same model."""

    def __init__(self, seed: int) -> None:
        self.generator = np.random.default_rng(seed)

    def normal(self, *shape: int, scale: float, mean: float = 0.0) -> np.ndarray:
        values = self.generator.standard_normal(shape, np.float32) * np.float32(scale) + np.float32(mean)
        return (to_bfloat16(values).astype(np.uint32) << 16).view(np.float32)

    def linear(self, rows: int, columns: int) -> np.ndarray:
        return self.normal(rows, columns, scale=columns**-0.5)


def random_text(shape: TinyShape, seed: int) -> Iterator[Named]:
    """The decoder's weights by Hugging Face's names without a prefix, norms as w (the factor is 1 + w)."""
    source = RandomNumbers(seed)
    width, query, key = shape.width, shape.heads * shape.head_width, shape.kv_heads * shape.head_width
    yield "embed_tokens.weight", source.normal(shape.vocabulary_size, width, scale=width**-0.5)
    yield "norm.weight", source.normal(width, scale=0.2)
    for layer in range(shape.layers):
        prefix = f"layers.{layer}."
        for norm in ("input", "post_attention", "pre_feedforward", "post_feedforward"):
            yield f"{prefix}{norm}_layernorm.weight", source.normal(width, scale=0.2)
        for norm in ("q_norm", "k_norm"):
            yield f"{prefix}self_attn.{norm}.weight", source.normal(shape.head_width, scale=0.2)
        yield f"{prefix}self_attn.q_proj.weight", source.linear(query, width)
        yield f"{prefix}self_attn.k_proj.weight", source.linear(key, width)
        yield f"{prefix}self_attn.v_proj.weight", source.linear(key, width)
        yield f"{prefix}self_attn.o_proj.weight", source.linear(width, query)
        yield f"{prefix}mlp.gate_proj.weight", source.linear(shape.feed_forward_width, width)
        yield f"{prefix}mlp.up_proj.weight", source.linear(shape.feed_forward_width, width)
        yield f"{prefix}mlp.down_proj.weight", source.linear(width, shape.feed_forward_width)


def random_vision(shape: TinyShape, seed: int) -> Iterator[Named]:
    """Tower and projector by Hugging Face's names: `vision_tower.…` and `multi_modal_projector.…`."""
    source = RandomNumbers(seed + 1_000_003)
    width, feed_forward, tower = shape.vision_width, shape.vision_feed_forward_width, "vision_tower."
    patch = source.normal(width, 3, shape.patch_px, shape.patch_px, scale=0.04)
    yield f"{tower}embeddings.patch_embedding.weight", patch
    yield f"{tower}embeddings.patch_embedding.bias", source.normal(width, scale=0.1)
    yield f"{tower}embeddings.position_embedding.weight", source.normal(shape.num_patches, width, scale=0.5)
    yield from random_tower(source, tower, shape.vision_layers, width, feed_forward)
    yield from layer_norm(source, f"{tower}post_layernorm", width)
    yield "multi_modal_projector.mm_soft_emb_norm.weight", source.normal(width, scale=0.2)
    projection = source.normal(width, shape.width, scale=width**-0.5)
    yield "multi_modal_projector.mm_input_projection_weight", projection


def random_tower(source: RandomNumbers, prefix: str, layers: int, width: int, feed_forward: int) -> Iterator[Named]:
    """The layers of a SigLIP tower whose weights' names begin with `prefix`."""
    for layer in range(layers):
        inside = f"{prefix}encoder.layers.{layer}."
        for norm in ("layer_norm1", "layer_norm2"):
            yield from layer_norm(source, inside + norm, width)
        for name in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj"):
            yield from biased_linear(source, inside + name, width, width)
        yield from biased_linear(source, f"{inside}mlp.fc1", feed_forward, width)
        yield from biased_linear(source, f"{inside}mlp.fc2", width, feed_forward)


def layer_norm(source: RandomNumbers, name: str, width: int) -> Iterator[Named]:
    """Weight and bias of a norm."""
    yield f"{name}.weight", source.normal(width, scale=0.2, mean=1.0)
    yield f"{name}.bias", source.normal(width, scale=0.1)


def biased_linear(source: RandomNumbers, name: str, rows: int, columns: int) -> Iterator[Named]:
    """Weight and bias of a linear layer."""
    yield f"{name}.weight", source.linear(rows, columns)
    yield f"{name}.bias", source.normal(rows, scale=0.1)
