"""MedSigLIP as two OpenVINO graphs: a picture or a text in, one vector out; alike ones point the same way.

::

    pixels → patches ──→ layers → norm → one learned query looks at all patches → feed-forward → [D]
    text   → 64 tokens → layers → norm → the last token                        → head         → [D]

Source: Hugging Face transformers, models/siglip (SiglipModel, SiglipMultiheadAttentionPoolingHead).
"""

from dataclasses import dataclass, field

import openvino as ov
from openvino import Type
from openvino import opset13 as op

from osler.model.attention import full_attention
from osler.model.config import VisionConfig
from osler.model.graph import Graph, Node, integers
from osler.model.siglip import biased, feed_forward, normal, patches, tower_layers
from osler.model.stack import Weights

__all__ = ["MedSiglipConfig", "WordsConfig", "picture_graph", "words_graph"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsConfig:
    """The text tower; `num_tokens` is the length that every text is filled up or cut to."""

    vocabulary_size: int = 32_000
    width: int = 1152
    feed_forward_width: int = 4304
    num_layers: int = 27
    num_heads: int = 16
    num_tokens: int = 64
    norm_epsilon: float = 1e-6

    @property
    def head_width(self) -> int:
        return self.width // self.num_heads


@dataclass(frozen=True, slots=True, kw_only=True)
class MedSiglipConfig:
    """Both towers; their vectors have the picture tower's width."""

    vision: VisionConfig = field(default_factory=lambda: VisionConfig(image_px=448))
    words: WordsConfig = field(default_factory=WordsConfig)

    @property
    def width(self) -> int:
        """D, the length of an embedding."""
        return self.vision.width


def picture_graph(config: VisionConfig, weights: Weights) -> tuple[ov.Model, Graph]:
    """Pixel values `pixels` [1, 3, N, N] float32 in -1..1 to `embedding` [1, D], not yet of length 1.

    Returns:
        The model, and the graph whose arrays it borrows (keep it with the compiled model).
    """
    graph = Graph()
    pixels = graph.parameter("pixels", [1, 3, config.image_px, config.image_px], Type.f32)
    x = tower_layers(graph, config, weights, "vision", patches(graph, config, weights, pixels))  # [1, P, D]
    return graph.model({"embedding": _pool(graph, config, weights, x)}), graph


def words_graph(config: WordsConfig, weights: Weights) -> tuple[ov.Model, Graph]:
    """Embedding rows `rows` [1, T, D] float32 of one text's tokens to `embedding` [1, D], not yet of length 1.

    No token is masked, not even padding: the tower was trained so.

    Returns:
        As `picture_graph`.
    """
    graph = Graph()
    rows = graph.parameter("rows", [1, config.num_tokens, config.width], Type.f32)
    x = op.add(rows, graph.constant(weights.matrix("words.positions").dequantised()))
    x = tower_layers(graph, config, weights, "words", x)  # [1, T, D]
    last = op.gather(x, integers(config.num_tokens - 1), integers(1))  # [1, 1, D]
    return graph.model({"embedding": _flat(biased(graph, weights, ["words.head"], last)[0])}), graph


def _pool(graph: Graph, config: VisionConfig, weights: Weights, x: Node) -> Node:
    """Patches [1, P, D] to [1, D]: attention with one learned query, then a feed-forward layer beside it."""
    probe = op.reshape(graph.constant(weights.matrix("pool.probe").dequantised()), integers(1, 1, config.width), False)
    (query,) = biased(graph, weights, ["pool.query"], probe)
    key, value = biased(graph, weights, ["pool.key", "pool.value"], x)
    mixed = full_attention(graph, query, key, value, num_heads=config.num_heads, head_width=config.head_width)
    (seen,) = biased(graph, weights, ["pool.attention_output"], mixed)  # [1, 1, D]
    wide = feed_forward(graph, weights, "pool.", normal(graph, config, weights, "pool.norm", seen))
    return _flat(op.add(seen, wide))


def _flat(x: Node) -> Node:
    """[1, 1, D] to [1, D]."""
    return op.squeeze(x, integers(1))
