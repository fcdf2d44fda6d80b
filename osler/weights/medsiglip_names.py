"""MedSigLIP's names in published safetensors files to the ones its graphs know, and the shapes they must have.

====================================  =====================================================================
``vision.…``, ``vision.norm.…``       the picture tower, named as MedGemma's (docs/architecture.md)
``pool.probe``                        [1, D], the learned query
``pool.query``, ``.key``, ``.value``  with ``.weight`` [D, D] and ``.bias`` [D]; one matrix in the file
``pool.attention_output``, ``.norm``, ``.up``, ``.down``   as in a layer
``words.embedding``, ``.positions``   [V, D], [T, D]
``words.layers.{i}.…``, ``.norm``     as in the picture tower
``words.head``                        ``.weight`` [D, D_words] and ``.bias`` [D]
``logit_scale``, ``logit_bias``       [1]
====================================  =====================================================================
"""

from collections.abc import Iterator

from osler.model.medsiglip import MedSiglipConfig
from osler.weights.names import Shape, tower_layer_shapes, vision_tower_shapes
from osler.weights.safetensors_names import canonical_name

__all__ = ["POOLED", "medsiglip_name", "medsiglip_shapes"]

POOLED = ("query", "key", "value")
"""The pooling head's matrices that lie in one, in this order."""

_HEAD = {
    "probe": "pool.probe",
    "attention.in_proj_weight": "pool.query_key_value.weight",
    "attention.in_proj_bias": "pool.query_key_value.bias",
    "attention.out_proj.weight": "pool.attention_output.weight",
    "attention.out_proj.bias": "pool.attention_output.bias",
    "layernorm.weight": "pool.norm.weight",
    "layernorm.bias": "pool.norm.bias",
    "mlp.fc1.weight": "pool.up.weight",
    "mlp.fc1.bias": "pool.up.bias",
    "mlp.fc2.weight": "pool.down.weight",
    "mlp.fc2.bias": "pool.down.bias",
}
_WORDS = {
    "embeddings.token_embedding.weight": "words.embedding",
    "embeddings.position_embedding.weight": "words.positions",
    "final_layer_norm.weight": "words.norm.weight",
    "final_layer_norm.bias": "words.norm.bias",
    "head.weight": "words.head.weight",
    "head.bias": "words.head.bias",
}


def medsiglip_name(stored: str) -> str | None:
    """The name that the graphs know, or None for what they do not use (position ids).

    >>> medsiglip_name("text_model.encoder.layers.3.mlp.fc1.weight")
    'words.layers.3.up.weight'
    >>> medsiglip_name("vision_model.post_layernorm.bias")
    'vision.norm.bias'
    """
    tower, _, rest = stored.partition(".")
    if stored in ("logit_scale", "logit_bias"):
        return stored
    if tower == "vision_model":
        return _HEAD.get(rest.removeprefix("head.")) if rest.startswith("head.") else _layer_name(rest)
    if tower != "text_model":
        return None
    name = None if rest in _WORDS else _layer_name(rest)
    return _WORDS.get(rest) if name is None else name.replace("vision.", "words.", 1)


def _layer_name(rest: str) -> str | None:
    """Both towers call the parts of their layers as MedGemma's encoder does."""
    return canonical_name(f"vision_tower.{rest}")


def medsiglip_shapes(config: MedSiglipConfig) -> dict[str, Shape]:
    """Every weight of a file, with its shape after `canonical_shape`."""
    return dict(_shapes(config))


def _shapes(config: MedSiglipConfig) -> Iterator[tuple[str, Shape]]:
    vision, words = config.vision, config.words
    yield from vision_tower_shapes(vision)
    yield "pool.probe", (1, vision.width)
    yield "pool.query_key_value.weight", (3 * vision.width, vision.width)
    yield "pool.query_key_value.bias", (3 * vision.width,)
    yield from _linear("pool.attention_output", vision.width, vision.width)
    yield from _linear("pool.up", vision.feed_forward_width, vision.width)
    yield from _linear("pool.down", vision.width, vision.feed_forward_width)
    yield from _norm("pool.norm", vision.width)
    yield "words.embedding", (words.vocabulary_size, words.width)
    yield "words.positions", (words.num_tokens, words.width)
    for index in range(words.num_layers):
        yield from tower_layer_shapes(f"words.layers.{index}.", words.width, words.feed_forward_width)
    yield from _norm("words.norm", words.width)
    yield from _linear("words.head", vision.width, words.width)
    yield "logit_scale", (1,)
    yield "logit_bias", (1,)


def _linear(name: str, rows: int, columns: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (rows, columns)
    yield f"{name}.bias", (rows,)


def _norm(name: str, width: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (width,)
    yield f"{name}.bias", (width,)
