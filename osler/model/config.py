"""The shape of a Gemma 3 checkpoint: text decoder, vision tower and projector.

Source: Hugging Face's Gemma3TextConfig and SiglipVisionConfig; the defaults here are theirs, because
published config.json files leave fields to them. Configurations come from a checkpoint's metadata, never from its name.
"""

from dataclasses import dataclass

__all__ = ["ModelConfig", "TextConfig", "VisionConfig"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextConfig:
    """The decoder.

    `global_layers[i]` says whether layer i sees the whole context; the others see `window` tokens.
    `query_scale` multiplies the attention's scores (query_pre_attn_scalar ** -0.5).
    `rope_factor` divides the positions of global layers only.
    """

    vocabulary_size: int = 262_208
    width: int = 2304
    feed_forward_width: int = 9216
    num_layers: int = 26
    num_heads: int = 8
    num_kv_heads: int = 4
    head_width: int = 256
    query_scale: float = 256**-0.5
    norm_epsilon: float = 1e-6
    window: int = 4096
    global_layers: tuple[bool, ...] = ()
    rope_base_global: float = 1_000_000.0
    rope_base_local: float = 10_000.0
    rope_factor: float = 1.0
    context_length: int = 131_072
    tied_output: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionConfig:
    """The SigLIP tower and what the projector makes of its output."""

    width: int = 1152
    feed_forward_width: int = 4304
    num_layers: int = 27
    num_heads: int = 16
    image_px: int = 896
    patch_px: int = 14
    norm_epsilon: float = 1e-6
    image_tokens: int = 256
    projector_epsilon: float = 1e-6

    @property
    def head_width(self) -> int:
        return self.width // self.num_heads

    @property
    def patches_per_side(self) -> int:
        return self.image_px // self.patch_px

    @property
    def tokens_per_side(self) -> int:
        return round(self.image_tokens**0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """A whole checkpoint: the decoder and, where it reads images, the vision tower."""

    text: TextConfig
    vision: VisionConfig | None
