"""The vocabulary of tokenizer.model, for folders that have no tokenizer.json.

Source: llama.cpp's conversion/base.py (`_create_vocab_sentencepiece`).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from osler.adapt.export.vocabulary import ADDED_SCORE, PADDING_SCORE, Vocabulary, added_type
from osler.errors import WeightsError
from osler.weights.sentencepiece_model import PieceType

__all__ = ["model_vocabulary"]


def model_vocabulary(folder: Path) -> Vocabulary:
    """Read tokenizer.model, and the tokens that tokenizer_config.json adds to it or says to be special.

    Raises:
        WeightsError: it is no SentencePiece model.
    """
    from sentencepiece import SentencePieceProcessor

    try:
        processor = SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    except (RuntimeError, OSError) as error:
        raise WeightsError("cannot read `tokenizer.model`: it is damaged", hint="fetch the file again") from error
    added = _added(folder)
    size = max(processor.GetPieceSize(), max(added, default=-1) + 1)
    tokens = [f"[PAD{index}]".encode() for index in range(size)]
    scores, types = np.full(size, PADDING_SCORE, np.float32), np.full(size, PieceType.UNUSED, np.int32)
    for index in range(processor.GetPieceSize()):
        tokens[index], scores[index] = processor.IdToPiece(index).encode(), processor.GetScore(index)
        types[index] = _type(processor, index)
    for index, entry in added.items():
        name, types[index] = str(entry["content"]), added_type(entry)
        plain = name.replace("▁", " ") if types[index] == PieceType.USER_DEFINED else name
        tokens[index], scores[index] = plain.encode(), ADDED_SCORE
    return Vocabulary(tokens=tuple(tokens), scores=scores, types=types)


def _type(processor: Any, index: int) -> PieceType:
    if processor.IsUnknown(index):
        return PieceType.UNKNOWN
    if processor.IsControl(index):
        return PieceType.CONTROL
    if processor.IsUnused(index):
        return PieceType.UNUSED
    return PieceType.BYTE if processor.IsByte(index) else PieceType.NORMAL


def _added(folder: Path) -> dict[int, dict[str, Any]]:
    """The tokens of tokenizer_config.json by id; none where there is no such file."""
    path = folder / "tokenizer_config.json"
    if not path.is_file():
        return {}
    try:
        table = json.loads(path.read_bytes()).get("added_tokens_decoder", {})
        return {int(index): entry for index, entry in table.items() if entry["content"]}
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise WeightsError(
            f"cannot read `{path.name}`: its tokens are malformed", hint="fetch the file again"
        ) from error
