"""A SentencePiece model file written from a vocabulary, without protobuf.

Source: google/sentencepiece's sentencepiece_model.proto (field numbers below are its) and protobuf's wire format.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np

__all__ = ["PieceType", "model_bytes"]


class PieceType(IntEnum):
    """SentencePiece's kinds of pieces; GGUF's token types have the same numbers."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


_VARINT, _BYTES = 0, 2
_BPE = 2


def model_bytes(pieces: Sequence[bytes], scores: np.ndarray, types: np.ndarray, *, unknown: int) -> bytes:
    """A ModelProto: byte-pair encoding with byte fallback, no normalisation, no space put in front.

    Args:
        pieces: every token's text in UTF-8, spaces written as ▁.
        scores: float32 for every token; a pair with the greater score merges first.
        types: `PieceType` for every token.
        unknown: the id of the one token of type UNKNOWN.
    """
    tails = np.empty((len(pieces), 7), np.uint8)  # SentencePiece.score = 2 (float), .type = 3 (enum)
    tails[:, 0], tails[:, 5] = 0x15, 0x18
    tails[:, 1:5] = scores.astype("<f4").view(np.uint8).reshape(-1, 4)
    tails[:, 6] = types
    heads = _Heads()
    parts = [
        heads[len(piece)] + piece + tail for piece, tail in zip(pieces, tails.view("V7").ravel().tolist(), strict=True)
    ]
    trainer = _number(3, _BPE) + _number(35, 1) + _number(40, unknown)  # model_type, byte_fallback, unk_id
    # name, add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces
    normaliser = _field(1, b"identity") + _number(3, 0) + _number(4, 0) + _number(5, 1)
    return b"".join(parts) + _field(2, trainer) + _field(3, normaliser)


class _Heads(dict[int, bytes]):
    """What stands before a piece's text: ModelProto.pieces = 1, the entry's size, SentencePiece.piece = 1, its size."""

    def __missing__(self, size: int) -> bytes:
        start = b"\x0a" + _varint(size)
        self[size] = b"\x0a" + _varint(len(start) + size + 7) + start
        return self[size]


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 128:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _field(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(value)) + value
