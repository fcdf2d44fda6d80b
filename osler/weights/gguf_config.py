"""GGUF metadata to configurations, as llama.cpp reads them (its src/models/gemma3.cpp and tools/mtmd/clip.cpp)."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from osler.errors import WeightsError
from osler.model.config import TextConfig, VisionConfig

__all__ = ["Metadata", "text_config", "vision_config"]

_LAYERS_OF_27B = 62
_DEFAULT_PATTERN = 6
_DEFAULT_MERGE = 4


class Metadata:
    """Checked access to a file's metadata."""

    def __init__(self, values: Mapping[str, Any], file_name: str) -> None:
        self.values = values
        self.file_name = file_name

    def fail(self, key: str, expected: str) -> WeightsError:
        came = repr(self.values[key]) if key in self.values else "nothing"
        return WeightsError(
            f"cannot use GGUF `{self.file_name}`: metadata `{key}` must be {expected}, got {came[:60]}",
            hint="convert the model again with a current llama.cpp, or use a published file",
        )

    def count(self, key: str, default: int | None = None) -> int:
        """A whole number of at least 1."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**31:
            raise self.fail(key, "a whole number of at least 1")
        return value

    def positive(self, key: str, default: float | None = None) -> float:
        """A finite number above 0."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
            raise self.fail(key, "a number above 0")
        return float(value)


def text_config(values: Mapping[str, Any], file_name: str, *, vocabulary_size: int, tied_output: bool) -> TextConfig:
    """The decoder's shape.

    Two things are not in the metadata and are decided as llama.cpp does: the attention's scale (only the model of 62
    layers, the 27B, uses width / heads instead of the head's width) and the local layers' rope base of 10,000.
    Files without rope scaling get none, as in llama.cpp.
    """
    data = Metadata(values, file_name)
    if data.values.get("gemma3.final_logit_softcapping") or data.values.get("gemma3.attn_logit_softcapping"):
        raise data.fail("gemma3.final_logit_softcapping", "absent (Gemma 3 caps no logits)")
    layers, heads, width = (
        data.count(f"gemma3.{key}") for key in ("block_count", "attention.head_count", "embedding_length")
    )
    head_width = data.count("gemma3.attention.key_length", width // heads or None)
    if data.count("gemma3.attention.value_length", head_width) != head_width:
        raise data.fail("gemma3.attention.value_length", f"equal to the key length {head_width}")
    return TextConfig(
        vocabulary_size=vocabulary_size,
        width=width,
        feed_forward_width=data.count("gemma3.feed_forward_length"),
        num_layers=layers,
        num_heads=heads,
        num_kv_heads=data.count("gemma3.attention.head_count_kv", heads),
        head_width=head_width,
        query_scale=(width // heads if layers == _LAYERS_OF_27B else head_width) ** -0.5,
        norm_epsilon=_float32(data.positive("gemma3.attention.layer_norm_rms_epsilon")),
        window=data.count("gemma3.attention.sliding_window", data.count("gemma3.context_length")),
        global_layers=_global_layers(data, layers),
        rope_base_global=data.positive("gemma3.rope.freq_base", 1_000_000.0),
        rope_base_local=data.positive("gemma3.rope.freq_base_swa", 10_000.0),
        rope_factor=_rope_factor(data),
        context_length=data.count("gemma3.context_length"),
        tied_output=tied_output,
    )


def _float32(number: float) -> float:
    """The shortest decimal that is this float32: 1e-6 and not 9.999999974752427e-07."""
    return float(str(np.float32(number)))


def _rope_factor(data: Metadata) -> float:
    kind = data.values.get("gemma3.rope.scaling.type", "linear")
    if kind == "none":
        return 1.0
    if kind != "linear":
        raise data.fail("gemma3.rope.scaling.type", "linear or none")
    return data.positive("gemma3.rope.scaling.factor", data.positive("gemma3.rope.scale_linear", 1.0))


def _global_layers(data: Metadata, layers: int) -> tuple[bool, ...]:
    """Which layers see everything: every sixth, another pattern, or a list that says which slide."""
    key = "gemma3.attention.sliding_window_pattern"
    if "gemma3.attention.sliding_window" not in data.values:
        return (True,) * layers
    pattern = data.values.get(key, _DEFAULT_PATTERN)
    if isinstance(pattern, np.ndarray):
        if len(pattern) != layers:
            raise data.fail(key, f"a list of {layers}")
        return tuple(not slides for slides in pattern.tolist())
    step = data.count(key, _DEFAULT_PATTERN)
    return tuple((layer + 1) % step == 0 for layer in range(layers))


def vision_config(values: Mapping[str, Any], file_name: str) -> VisionConfig:
    """The vision tower's shape."""
    data = Metadata(values, file_name)
    image_px, patch_px = data.count("clip.vision.image_size"), data.count("clip.vision.patch_size")
    merge = data.count("clip.vision.projector.scale_factor", _DEFAULT_MERGE)
    if image_px % (patch_px * merge):
        raise data.fail("clip.vision.image_size", f"a multiple of {merge} patches of {patch_px} pixels")
    width, heads = data.count("clip.vision.embedding_length"), data.count("clip.vision.attention.head_count")
    if width % heads:
        raise data.fail("clip.vision.attention.head_count", f"a divisor of the width {width}")
    epsilon = _float32(data.positive("clip.vision.attention.layer_norm_epsilon", 1e-6))
    return VisionConfig(
        width=width,
        feed_forward_width=data.count("clip.vision.feed_forward_length"),
        num_layers=data.count("clip.vision.block_count"),
        num_heads=heads,
        image_px=image_px,
        patch_px=patch_px,
        norm_epsilon=epsilon,
        image_tokens=(image_px // patch_px // merge) ** 2,
        projector_epsilon=epsilon,
    )
