"""Writing a model's networks as ONNX files, and what they need besides into the same folder."""

from collections.abc import Callable
from pathlib import Path

from osler.adapt.export.onnx.decoder import write_decoder, write_embedding
from osler.adapt.export.onnx.graph import OnnxGraph, WeightSource, library
from osler.adapt.export.onnx.medsiglip import write_pictures, write_words
from osler.adapt.export.onnx.numbers import Numbers
from osler.adapt.export.onnx.vision import write_vision
from osler.model.config import ModelConfig
from osler.model.medsiglip import MedSiglipConfig

__all__ = ["Parts", "medsiglip_parts", "model_parts", "write_parts"]

Parts = dict[str, Callable[[OnnxGraph], None]]
"""What each file without its ending holds."""


OF_TEXT = ("embed_tokens", "decoder_model")
"""Parts that may be in 8 bits."""


def model_parts(config: ModelConfig) -> Parts:
    """The networks of MedGemma; no image encoder where there are no weights for one."""
    text, vision = config.text, config.vision
    parts: Parts = {
        "embed_tokens": lambda graph: write_embedding(graph, text),
        "decoder_model": lambda graph: write_decoder(graph, text),
    }
    if vision is not None:
        parts["vision_encoder"] = lambda graph: write_vision(graph, vision, text.width)
    return parts


def medsiglip_parts(config: MedSiglipConfig) -> Parts:
    """The networks of MedSigLIP."""
    return {
        "vision_model": lambda graph: write_pictures(graph, config.vision),
        "text_model": lambda graph: write_words(graph, config.words, config.width),
    }


def write_parts(
    parts: Parts,
    weights: WeightSource,
    folder: Path,
    *,
    kind: str,
    about: dict[str, str],
    wrote: Callable[[int], None] = lambda size_bytes: None,
) -> None:
    """Write networks into a folder that holds none of them yet.

    Args:
        parts: from `model_parts` or `medsiglip_parts`.
        weights: where the numbers come from.
        kind: "F32", "F16", or "Q8_0" for a decoder in 8 bits, and F16 besides.
        about: metadata for every file.
        wrote: told of each piece of a matrix that is written, in bytes.
    """
    library()
    numbers = Numbers(folder, "F16" if kind == "Q8_0" else kind, wrote)
    for name, write in parts.items():
        graph = OnnxGraph(name, numbers, weights, eight_bits=kind == "Q8_0" and name in OF_TEXT)
        write(graph)
        graph.save(folder, about)
        weights.release()
