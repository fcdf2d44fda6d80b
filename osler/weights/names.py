"""The names that every checkpoint format is translated to, and the shapes that a configuration gives them."""

from collections.abc import Iterator
from math import prod

from osler.model.config import ModelConfig, TextConfig, VisionConfig

__all__ = [
    "TEXT_LAYER_MATRICES",
    "TEXT_LAYER_VECTORS",
    "VISION_LAYER_LINEARS",
    "VISION_LAYER_NORMS",
    "Shape",
    "canonical_shape",
    "expected_shapes",
    "is_text_matrix",
    "tower_layer_shapes",
    "vision_tower_shapes",
]

Shape = tuple[int, ...]

TEXT_LAYER_VECTORS = (
    "attention_norm",
    "post_attention_norm",
    "feed_forward_norm",
    "post_feed_forward_norm",
    "query_norm",
    "key_norm",
)
TEXT_LAYER_MATRICES = ("query", "key", "value", "attention_output", "gate", "up", "down")
VISION_LAYER_LINEARS = ("query", "key", "value", "attention_output", "up", "down")
VISION_LAYER_NORMS = ("norm1", "norm2")


def is_text_matrix(name: str) -> bool:
    """Whether a canonical name is one of the decoder's matrices (not a norm, nothing of the vision tower)."""
    return name in ("text.embedding", "text.output") or (
        name.startswith("text.layers.") and name.rsplit(".", 1)[1] in TEXT_LAYER_MATRICES
    )


def canonical_shape(name: str, stored: Shape) -> Shape:
    """The canonical shape of a weight that a file stores in Hugging Face's layout, as GGUF's projectors do too.

    >>> canonical_shape("vision.patch.weight", (1152, 3, 14, 14))
    (1152, 588)
    """
    if name == "projector.weight":  # stored as the factor on the right: [D_vision, D_text]
        return stored[::-1]
    if name == "vision.patch.weight":  # [D, channel, row, column]
        return stored[0], prod(stored[1:])
    return stored


def expected_shapes(config: ModelConfig) -> dict[str, Shape]:
    """Every weight that a configuration calls for, with its shape."""
    shapes = dict(_text_shapes(config.text))
    if config.vision is not None:
        shapes.update(_vision_shapes(config.vision, config.text.width))
    return shapes


def _text_shapes(config: TextConfig) -> Iterator[tuple[str, Shape]]:
    yield "text.embedding", (config.vocabulary_size, config.width)
    yield "text.norm", (config.width,)
    if not config.tied_output:
        yield "text.output", (config.vocabulary_size, config.width)
    layer = _text_layer_shapes(config)
    for index in range(config.num_layers):
        for name, shape in layer.items():
            yield f"text.layers.{index}.{name}", shape


def _text_layer_shapes(config: TextConfig) -> dict[str, Shape]:
    width, feed_forward = config.width, config.feed_forward_width
    query, key = config.num_heads * config.head_width, config.num_kv_heads * config.head_width
    return {
        "attention_norm": (width,),
        "post_attention_norm": (width,),
        "feed_forward_norm": (width,),
        "post_feed_forward_norm": (width,),
        "query_norm": (config.head_width,),
        "key_norm": (config.head_width,),
        "query": (query, width),
        "key": (key, width),
        "value": (key, width),
        "attention_output": (width, query),
        "gate": (feed_forward, width),
        "up": (feed_forward, width),
        "down": (width, feed_forward),
    }


def vision_tower_shapes(config: VisionConfig) -> Iterator[tuple[str, Shape]]:
    """The weights of SigLIP's picture tower, without what comes behind it."""
    width = config.width
    yield "vision.patch.weight", (width, 3 * config.patch_px**2)
    yield "vision.patch.bias", (width,)
    yield "vision.positions", (config.patches_per_side**2, width)
    for index in range(config.num_layers):
        yield from tower_layer_shapes(f"vision.layers.{index}.", width, config.feed_forward_width)
    yield "vision.norm.weight", (width,)
    yield "vision.norm.bias", (width,)


def tower_layer_shapes(prefix: str, width: int, feed_forward: int) -> Iterator[tuple[str, Shape]]:
    """The weights of one layer of a SigLIP tower."""
    for name in VISION_LAYER_NORMS:
        yield f"{prefix}{name}.weight", (width,)
        yield f"{prefix}{name}.bias", (width,)
    for name in VISION_LAYER_LINEARS:
        rows = feed_forward if name == "up" else width
        columns = feed_forward if name == "down" else width
        yield f"{prefix}{name}.weight", (rows, columns)
        yield f"{prefix}{name}.bias", (rows,)


def _vision_shapes(config: VisionConfig, text_width: int) -> Iterator[tuple[str, Shape]]:
    yield from vision_tower_shapes(config)
    yield "projector.norm", (config.width,)
    yield "projector.weight", (text_width, config.width)
