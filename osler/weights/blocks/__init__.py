"""Every block type of GGUF as integer codes with a scale, and maybe an offset, for each group of weights."""

from osler.weights.blocks.block_type import BlockType
from osler.weights.blocks.convert import grouped_matrix
from osler.weights.blocks.registry import BLOCK_TYPES

__all__ = ["BLOCK_TYPES", "BlockType", "grouped_matrix"]
