"""MedSigLIP's tokenizer: texts to ids of one length.

A text is put in lower case, loses its punctuation, is cut or filled up to the tower's length, and ends in `</s>`
(which fills it up, too). The towers were trained so, and other paddings make the vectors worse.

Source: Hugging Face transformers, SiglipTokenizer; google-research/big_vision's prompt_engineering.py.
"""

import re
import string
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from osler.errors import WeightsError
from osler.weights.pieces import without_surrogates

__all__ = ["JSON", "MODEL", "MedSiglipTokenizer", "canonical_text"]

END = "</s>"
MODEL, JSON = "spiece.model", "tokenizer.json"
WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)


def canonical_text(text: str) -> str:
    """Lower case, no ASCII punctuation, single spaces.

    >>> canonical_text("Severity:  Mild (NPDR).")
    'severity mild npdr'
    """
    return re.sub(r"\s+", " ", without_surrogates(text).lower().translate(WITHOUT_PUNCTUATION)).strip()


class MedSiglipTokenizer:
    """Reads spiece.model, or else tokenizer.json, of a model's folder.

    Attributes:
        size: ids there are.

    Raises:
        WeightsError: neither is there, or it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        model, published = folder / MODEL, folder / JSON
        if model.is_file():
            self.size, self._encode, self._end = _of_sentencepiece(model)
        elif published.is_file():
            self.size, self._encode, self._end = _of_json(published)
        else:
            raise WeightsError(
                f"`{folder.name}` is incomplete: neither {MODEL} nor {JSON} is there",
                hint="fetch all files of the model",
            )

    def encode(self, texts: Sequence[str], num_tokens: int) -> np.ndarray:
        """[texts, T] int32, each text ended and filled up with `</s>`; what is longer is cut."""
        rows = np.full((len(texts), num_tokens), self._end, np.int32)
        for row, text in zip(rows, texts, strict=True):
            ids = self.ids(text)[: num_tokens - 1]
            row[: len(ids)] = ids
        return rows

    def ids(self, text: str) -> list[int]:
        """The ids of a text, neither ended nor cut."""
        return self._encode(canonical_text(text))


Read = tuple[int, Callable[[str], list[int]], int]
"""Ids there are, text to ids, and the id of `</s>`."""


def _of_sentencepiece(path: Path) -> Read:
    from sentencepiece import SentencePieceProcessor

    try:
        model = SentencePieceProcessor(model_proto=path.read_bytes())
        size, end = model.get_piece_size(), model.piece_to_id(END)
    except (OSError, RuntimeError) as error:
        raise _unreadable(path) from error
    if not size or model.id_to_piece(end) != END:
        raise _unreadable(path)
    return size, model.encode, end


def _of_json(path: Path) -> Read:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises bare Exception for whatever it cannot read
        raise _unreadable(path) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    end = tokenizer.token_to_id(END)
    if end is None:
        raise _unreadable(path)
    size = tokenizer.get_vocab_size(with_added_tokens=True)
    return size, lambda text: tokenizer.encode(text, add_special_tokens=False).ids, end


def _unreadable(path: Path) -> WeightsError:
    return WeightsError(
        f"cannot read `{path.name}`: it is damaged, or no tokenizer of SigLIP's", hint="fetch the file again"
    )
