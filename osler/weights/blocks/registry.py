"""All block types by the name that GGUF gives them."""

from osler.weights.blocks import i_quants, k_quants, simple, ternary
from osler.weights.blocks.block_type import BlockType, Decoder

__all__ = ["BLOCK_TYPES"]

# name: weights and bytes of a block, weights of a group, bits of a code, whether there is an offset, decoder
_TABLE: dict[str, tuple[int, int, int, int, bool, Decoder]] = {
    "Q4_0": (32, 18, 32, 4, False, simple.decode_q4_0),
    "Q4_1": (32, 20, 32, 4, True, simple.decode_q4_1),
    "Q5_0": (32, 22, 32, 8, False, simple.decode_q5_0),
    "Q5_1": (32, 24, 32, 8, True, simple.decode_q5_1),
    "Q8_0": (32, 34, 32, 8, False, simple.decode_q8_0),
    "Q2_K": (256, 84, 16, 4, True, k_quants.decode_q2_k),
    "Q3_K": (256, 110, 16, 4, False, k_quants.decode_q3_k),
    "Q4_K": (256, 144, 32, 4, True, k_quants.decode_q4_k),
    "Q5_K": (256, 176, 32, 8, True, k_quants.decode_q5_k),
    "Q6_K": (256, 210, 16, 8, False, k_quants.decode_q6_k),
    "IQ1_S": (256, 50, 32, 4, True, i_quants.decode_iq1_s),
    "IQ1_M": (256, 56, 16, 8, False, i_quants.decode_iq1_m),
    "IQ2_XXS": (256, 66, 32, 8, False, i_quants.decode_iq2_xxs),
    "IQ2_XS": (256, 74, 16, 8, False, i_quants.decode_iq2_xs),
    "IQ2_S": (256, 82, 16, 8, False, i_quants.decode_iq2_s),
    "IQ3_XXS": (256, 98, 32, 8, False, i_quants.decode_iq3_xxs),
    "IQ3_S": (256, 110, 32, 4, True, i_quants.decode_iq3_s),
    "IQ4_NL": (32, 18, 32, 8, False, i_quants.decode_iq4_nl),
    "IQ4_XS": (256, 136, 32, 8, False, i_quants.decode_iq4_xs),
    "TQ1_0": (256, 54, 256, 4, False, ternary.decode_tq1_0),
    "TQ2_0": (256, 66, 256, 4, False, ternary.decode_tq2_0),
    "MXFP4": (32, 17, 32, 8, False, i_quants.decode_mxfp4),
}
BLOCK_TYPES = {
    name: BlockType(
        name=name, weights=weights, size_bytes=size, group=group, bits=bits, has_offset=has_offset, decode=decode
    )
    for name, (weights, size, group, bits, has_offset, decode) in _TABLE.items()
}
