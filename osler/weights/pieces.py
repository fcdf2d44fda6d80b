"""What both tokenizers share: which tokens are special, and the bytes that a piece stands for."""

import re
from collections.abc import Callable, Sequence

from osler.prompt.special import CONTROL_TOKENS, THINKING_END, THINKING_START

__all__ = ["SPACE_MARK", "SPECIAL", "UNKNOWN", "decode_pieces", "piece_bytes", "without_surrogates"]

UNKNOWN = "<unk>"
SPECIAL = (frozenset(CONTROL_TOKENS) | {UNKNOWN}) - {THINKING_START, THINKING_END}
"""Tokens that `decode` leaves out: those that Gemma's tokenizer.json marks as special. The thinking tokens are not
among them, nor other <unused…>: they come out as they are spelt."""

SPACE_MARK = "▁"
_BYTE = re.compile(r"^<0x([0-9A-Fa-f]{2})>$")


def piece_bytes(piece: str) -> bytes:
    """The bytes of a piece that is not special.

    >>> piece_bytes("▁chest"), piece_bytes("<0xF0>")
    (b' chest', b'\\xf0')
    """
    match = _BYTE.match(piece)
    if match:
        return bytes([int(match[1], 16)])
    return piece.replace(SPACE_MARK, " ").encode()


def decode_pieces(ids: Sequence[int], piece: Callable[[int], bytes]) -> str:
    """Text of ids; bytes that are no UTF-8 become U+FFFD."""
    return b"".join(piece(int(token)) for token in ids).decode("utf-8", errors="replace")


def without_surrogates(text: str) -> str:
    """Text that UTF-8 can hold: halves of surrogate pairs standing alone become U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
