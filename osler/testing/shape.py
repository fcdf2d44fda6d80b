"""The shape of tiny checkpoints: all of Gemma 3's parts, as small as they go."""

from dataclasses import dataclass
from typing import Any

from osler.testing.vocabulary import TINY_VOCABULARY

__all__ = ["BLOCK_SHAPE", "TinyShape"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyShape:
    """Seven layers, so that the sixth is a global one; an image of 4x4 patches becomes 2x2 tokens.

    Every width is a multiple of 32. The window must be wider than an image's tokens.
    """

    layers: int = 7
    width: int = 128
    feed_forward_width: int = 256
    heads: int = 4
    kv_heads: int = 2
    head_width: int = 32
    window: int = 32
    rope_factor: float = 8.0
    context_length: int = 4096
    vocabulary_size: int = TINY_VOCABULARY.size
    vision_layers: int = 2
    vision_width: int = 64
    vision_feed_forward_width: int = 96
    vision_heads: int = 2
    image_px: int = 56
    patch_px: int = 14
    image_tokens: int = 4

    @property
    def num_patches(self) -> int:
        return (self.image_px // self.patch_px) ** 2

    @property
    def merge(self) -> int:
        """Patches that become one image token, along a side."""
        return round((self.num_patches / self.image_tokens) ** 0.5)

    def text_config(self) -> dict[str, Any]:
        """Hugging Face's text_config, as old config.json files have it."""
        return {
            "model_type": "gemma3_text",
            "vocab_size": self.vocabulary_size,
            "hidden_size": self.width,
            "intermediate_size": self.feed_forward_width,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.head_width,
            "query_pre_attn_scalar": self.head_width,
            "max_position_embeddings": self.context_length,
            "sliding_window": self.window,
            "rope_scaling": {"rope_type": "linear", "factor": self.rope_factor},
        }

    def vision_config(self) -> dict[str, Any]:
        """Hugging Face's vision_config."""
        return {
            "model_type": "siglip_vision_model",
            "hidden_size": self.vision_width,
            "intermediate_size": self.vision_feed_forward_width,
            "num_hidden_layers": self.vision_layers,
            "num_attention_heads": self.vision_heads,
            "image_size": self.image_px,
            "patch_size": self.patch_px,
            "vision_use_head": False,
        }


BLOCK_SHAPE = TinyShape(width=256, feed_forward_width=512, head_width=64)
"""Widths that GGUF's super-blocks of 256 weights divide."""
