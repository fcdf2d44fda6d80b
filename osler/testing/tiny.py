"""Makers of tiny random Gemma 3 checkpoints in every published form. No torch."""

from osler.testing.shape import BLOCK_SHAPE, TinyShape
from osler.testing.tiny_gguf import write_gguf, write_projector
from osler.testing.tiny_safetensors import write_safetensors

__all__ = ["BLOCK_SHAPE", "TinyShape", "write_gguf", "write_projector", "write_safetensors"]
