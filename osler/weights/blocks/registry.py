"""All block types by the name that GGUF gives them."""

from osler.weights.blocks import k_quants, simple
from osler.weights.blocks.block_type import BlockType

__all__ = ["BLOCK_TYPES"]

_ALL = (
    BlockType(name="Q4_0", weights=32, size_bytes=18, group=32, bits=4, has_offset=False, decode=simple.decode_q4_0),
    BlockType(name="Q4_1", weights=32, size_bytes=20, group=32, bits=4, has_offset=True, decode=simple.decode_q4_1),
    BlockType(name="Q5_0", weights=32, size_bytes=22, group=32, bits=8, has_offset=False, decode=simple.decode_q5_0),
    BlockType(name="Q5_1", weights=32, size_bytes=24, group=32, bits=8, has_offset=True, decode=simple.decode_q5_1),
    BlockType(name="Q8_0", weights=32, size_bytes=34, group=32, bits=8, has_offset=False, decode=simple.decode_q8_0),
    BlockType(name="Q2_K", weights=256, size_bytes=84, group=16, bits=4, has_offset=True, decode=k_quants.decode_q2_k),
    BlockType(
        name="Q3_K", weights=256, size_bytes=110, group=16, bits=4, has_offset=False, decode=k_quants.decode_q3_k
    ),
    BlockType(name="Q4_K", weights=256, size_bytes=144, group=32, bits=4, has_offset=True, decode=k_quants.decode_q4_k),
    BlockType(name="Q5_K", weights=256, size_bytes=176, group=32, bits=8, has_offset=True, decode=k_quants.decode_q5_k),
    BlockType(
        name="Q6_K", weights=256, size_bytes=210, group=16, bits=8, has_offset=False, decode=k_quants.decode_q6_k
    ),
)
BLOCK_TYPES = {block_type.name: block_type for block_type in _ALL}
