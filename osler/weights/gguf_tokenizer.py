"""The tokenizer of a GGUF file: its vocabulary, through SentencePiece."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from osler.errors import WeightsError
from osler.prompt.special import IMAGE_SOFT_TOKEN, START_OF_IMAGE
from osler.weights.pieces import SPACE_MARK, SPECIAL, UNKNOWN, decode_pieces, piece_bytes, without_surrogates
from osler.weights.sentencepiece_model import PieceType, model_bytes

__all__ = ["GgufTokenizer"]

_SPACE = SPACE_MARK.encode()
# Tokens that SentencePiece cannot be given: the unknown one has no text, the soft token may lie beyond the vocabulary,
# and runs of ▁ that stand in the text itself are tokens apart from runs of spaces (in tokenizer.json they are added
# tokens, which are looked for before spaces become ▁).
_APART = re.compile(f"({re.escape(UNKNOWN)}|{re.escape(IMAGE_SOFT_TOKEN)}|{SPACE_MARK}{{2,31}})")


class GgufTokenizer:
    """A `Tokenizer` (osler.prompt.tokens) made from tokens, scores and types."""

    def __init__(self, tokens: Sequence[bytes], scores: np.ndarray, types: np.ndarray, *, unknown: int) -> None:
        from sentencepiece import SentencePieceProcessor

        self._tokens = tokens
        self._unknown = unknown
        self._processor = SentencePieceProcessor()
        self._processor.LoadFromSerializedProto(_model(tokens, scores, types, unknown))
        self._soft = self._soft_token()
        self.size = max(len(tokens), (self._soft or 0) + 1)
        self._special = {index for name in SPECIAL if (index := self.id_of(name)) is not None} | {unknown}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any], file_name: str) -> "GgufTokenizer":
        """Build it from a file's metadata.

        Raises:
            WeightsError: the vocabulary is missing, incomplete or of another kind.
        """
        kind = metadata.get("tokenizer.ggml.model")
        if kind != "llama":
            raise WeightsError(
                f"cannot use the tokenizer of `{file_name}`: expected the kind 'llama' (SentencePiece), got {kind!r}",
                hint="convert the model again with its tokenizer.model beside it, or use a published file",
            )
        tokens, scores = metadata.get("tokenizer.ggml.tokens"), metadata.get("tokenizer.ggml.scores")
        types = metadata.get("tokenizer.ggml.token_type")
        if not (isinstance(tokens, list) and isinstance(scores, np.ndarray) and isinstance(types, np.ndarray)):
            raise WeightsError(f"`{file_name}` has no tokenizer: tokens, scores or types are missing", hint=_HINT)
        if not len(tokens) == len(scores) == len(types):
            raise WeightsError(
                f"the tokenizer of `{file_name}` contradicts itself: {len(tokens):,} tokens, {len(scores):,} scores,"
                f" {len(types):,} types",
                hint=_HINT,
            )
        unknown = metadata.get("tokenizer.ggml.unknown_token_id", 3)
        if not isinstance(unknown, int) or not 0 <= unknown < len(tokens):
            raise WeightsError(f"the tokenizer of `{file_name}` names no unknown token: got {unknown!r}", hint=_HINT)
        try:
            return cls(tokens, scores, types, unknown=unknown)
        except RuntimeError as error:
            raise WeightsError(f"cannot use the tokenizer of `{file_name}`: {error}", hint=_HINT) from error

    def _soft_token(self) -> int | None:
        """The soft token's id. Where the vocabulary ends before it, it is the next id (262,144 for Gemma)."""
        inside = self._id_inside(IMAGE_SOFT_TOKEN)
        if inside is not None or self._id_inside(START_OF_IMAGE) is None:
            return inside
        return len(self._tokens)

    def _id_inside(self, token: str) -> int | None:
        """The id of an exact token of the file's vocabulary."""
        found = self._processor.PieceToId(token)
        return found if found != self._unknown or token == self._processor.IdToPiece(found) else None

    def encode(self, text: str) -> list[int]:
        text = without_surrogates(text)
        if _APART.search(text) is None:
            return self._processor.Encode(text)
        ids: list[int] = []
        for index, part in enumerate(_APART.split(text)):
            apart = self.id_of(part) if index % 2 else None
            ids += self._processor.Encode(part) if apart is None else [apart]
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        return decode_pieces(ids, self.piece)

    def piece(self, token: int) -> bytes:
        if token in self._special or not 0 <= token < len(self._tokens):
            return b""
        return piece_bytes(self._tokens[token].decode("utf-8", errors="replace"))

    def id_of(self, token: str) -> int | None:
        return self._soft if token == IMAGE_SOFT_TOKEN else self._id_inside(token)


_HINT = "convert the model again with a current llama.cpp, or use a published file"


def _model(tokens: Sequence[bytes], scores: np.ndarray, types: np.ndarray, unknown: int) -> bytes:
    """The SentencePiece model.

    Control tokens become user-defined ones, because a text's special tokens are to be recognised. llama.cpp's converter
    writes the runs of spaces among the user-defined ones with real spaces; SentencePiece wants ▁ there.
    """
    kinds = types.astype(np.uint8)
    kinds[types == PieceType.CONTROL] = PieceType.USER_DEFINED
    kinds[types == PieceType.UNKNOWN] = PieceType.NORMAL
    kinds[unknown] = PieceType.UNKNOWN
    pieces = [piece.replace(b" ", _SPACE) if b" " in piece else piece for piece in tokens]
    return model_bytes(pieces, scores, kinds, unknown=unknown)
