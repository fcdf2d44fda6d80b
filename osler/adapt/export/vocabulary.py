"""A tokenizer as GGUF keeps it: tokens, scores, types.

llama.cpp's tokenizer of the kind "llama" merges the neighbours whose union has the greatest score; tokenizer.json lists
merges in order. Where every way to make a piece is a merge, and all ways of one piece stand together in that order, as
in Gemma's, the score of a piece is minus its place among them, and both cut every text alike.

Source: llama.cpp's conversion/base.py (`_create_vocab_sentencepiece`) for types, scores of added tokens and padding;
the scores of Gemma's published GGUF files are the ones made here (tests/parity/test_exports.py).
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from osler.errors import WeightsError
from osler.weights.sentencepiece_model import PieceType

__all__ = [
    "ADDED_SCORE",
    "PADDING_SCORE",
    "Vocabulary",
    "added_type",
    "gguf_vocabulary",
    "json_vocabulary",
    "read_tokenizer_json",
]

_BYTE = re.compile(r"^<0x[0-9A-Fa-f]{2}>$")
_CONTROL = re.compile(r"^<(mask|unused\d+)>$")  # what llama.cpp's converter takes for special, whatever the file says
ADDED_SCORE, PADDING_SCORE = -1000.0, -10_000.0
_HINT = "use the tokenizer.json that was published with the model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Tokens in the order of their ids.

    Attributes:
        tokens: UTF-8; spaces are ▁, but plain spaces in user-defined tokens, as llama.cpp's converter writes them.
        scores: float32; of two pairs the one whose union has the greater score merges first.
        types: int32, `PieceType`.
        is_closed: every pair of pieces that makes a piece may merge, so that llama.cpp cuts every text as the source.
    """

    tokens: tuple[bytes, ...]
    scores: np.ndarray
    types: np.ndarray
    is_closed: bool = True

    def id_of(self, token: str) -> int | None:
        """The id of an exact token."""
        wanted = token.encode()
        return self.tokens.index(wanted) if wanted in self.tokens else None

    def resized(self, rows: int) -> "Vocabulary":
        """As many tokens as the embedding has rows: those beyond are left out, missing ones are called [PAD…]."""
        missing = range(len(self.tokens), rows)
        return Vocabulary(
            tokens=(*self.tokens[:rows], *(f"[PAD{index}]".encode() for index in missing)),
            scores=np.concatenate([self.scores[:rows], np.full(len(missing), PADDING_SCORE, np.float32)]),
            types=np.concatenate([self.types[:rows], np.full(len(missing), PieceType.UNUSED, np.int32)]),
            is_closed=self.is_closed,
        )


def gguf_vocabulary(metadata: Mapping[str, Any]) -> Vocabulary:
    """The vocabulary of a GGUF file, as it is."""
    return Vocabulary(
        tokens=tuple(bytes(token) for token in metadata["tokenizer.ggml.tokens"]),
        scores=np.asarray(metadata["tokenizer.ggml.scores"], np.float32),
        types=np.asarray(metadata["tokenizer.ggml.token_type"], np.int32),
    )


def read_tokenizer_json(path: Path) -> dict[str, Any]:
    """tokenizer.json, checked to be byte-pair encoding with byte fallback, as Gemma's is.

    Raises:
        WeightsError: it is missing, damaged or of another kind.
    """
    if not path.is_file():
        raise WeightsError(f"there is no {path.name} in `{path.parent.name}`", hint="fetch all files of the model")
    try:
        table: dict[str, Any] = json.loads(path.read_bytes())
        model = table["model"]
        kind, fallback, normaliser = model["type"], model.get("byte_fallback"), table.get("normalizer")
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"cannot read `{path.name}`: it is no tokenizer", hint=_HINT) from error
    if kind != "BPE" or not fallback or (normaliser or {}).get("content") != "▁":
        raise WeightsError(
            f"cannot export {path.name}: expected byte-pair encoding with byte fallback and ▁ for the space (Gemma's),"
            f" got {kind}",
            hint=_HINT,
        )
    return table


def json_vocabulary(table: Mapping[str, Any]) -> Vocabulary:
    """The vocabulary of a tokenizer.json that `read_tokenizer_json` gave.

    Raises:
        WeightsError: two tokens have one id.
    """
    names: dict[int, str] = {index: token for token, index in table["model"]["vocab"].items()}
    added = {int(entry["id"]): entry for entry in table.get("added_tokens", ())}
    names.update({index: entry["content"] for index, entry in added.items()})
    merges = [_pair(merge) for merge in table["model"]["merges"]]
    apart = {entry["content"] for entry in added.values()}
    ranks = _ranks(merges, leave_out=apart)
    size = max(names) + 1
    tokens = [f"[PAD{index}]".encode() for index in range(size)]
    scores = np.full(size, PADDING_SCORE, np.float32)
    types = np.full(size, PieceType.UNUSED, np.int32)
    for index, name in sorted(names.items()):
        tokens[index], scores[index], types[index] = _entry(name, added.get(index), ranks)
    if len(set(tokens)) < size:
        raise WeightsError("cannot export tokenizer.json: two of its tokens are the same", hint=_HINT)
    return Vocabulary(
        tokens=tuple(tokens), scores=scores, types=types, is_closed=_is_closed(set(names.values()), apart, merges)
    )


def _entry(name: str, added: Mapping[str, Any] | None, ranks: dict[str, int]) -> tuple[bytes, float, PieceType]:
    """Token, score and type; a piece that no merge makes is ranked behind those before it."""
    if added is not None:
        kind = added_type(added)
        return (name.replace("▁", " ") if kind == PieceType.USER_DEFINED else name).encode(), ADDED_SCORE, kind
    if _BYTE.match(name):
        return name.encode(), 0.0, PieceType.BYTE
    return name.encode(), -float(ranks.setdefault(name, len(ranks))), PieceType.NORMAL


def added_type(entry: Mapping[str, Any]) -> PieceType:
    """Whether an added token of a tokenizer's files is special or a piece of text."""
    return PieceType.CONTROL if entry.get("special") or _CONTROL.match(entry["content"]) else PieceType.USER_DEFINED


def _pair(merge: str | Sequence[str]) -> tuple[str, str]:
    """A merge, which older files write as one text with a space between."""
    left, right = merge.split(" ", 1) if isinstance(merge, str) else merge
    return left, right


def _ranks(merges: Iterable[tuple[str, str]], leave_out: set[str]) -> dict[str, int]:
    """Each merged piece's place: that of the first merge that makes it, added tokens not counted."""
    ranks: dict[str, int] = {}
    for left, right in merges:
        piece = left + right
        if piece not in leave_out:
            ranks.setdefault(piece, len(ranks))
    return ranks


def _is_closed(known: set[str], apart: set[str], merges: Sequence[tuple[str, str]]) -> bool:
    """Whether every pair of tokens that makes a token is a merge; added tokens are found before anything merges."""
    pieces = (known - apart) | {left + right for left, right in merges}
    ways = sum(piece[:cut] in known and piece[cut:] in known for piece in pieces for cut in range(1, len(piece)))
    return ways == len(set(merges))
