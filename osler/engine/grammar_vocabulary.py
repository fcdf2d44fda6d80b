"""A model's tokens as llguidance knows them."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, cast

from osler.engine.grammar import grammar_of
from osler.engine.grammar_constraint import Constraint, Thinking
from osler.engine.sampling import Sampling
from osler.errors import InputError
from osler.prompt.special import THINKING_END, THINKING_START, control_token_in
from osler.prompt.tokens import Tokenizer

if TYPE_CHECKING:
    from llguidance._tokenizer import TokenizerWrapper

__all__ = ["GrammarVocabulary"]

APART = re.compile(r"<unused\d+>|<mask>|\[multimodal\]|\[@BOS@\]")
"""Tokens that mean nothing, though a tokenizer may spell them out like any other."""

SLICES = (r'[^"\\\x00-\x1F\x7F]{1,10}', r'[^"\\\x00-\x1F\x7F]{1,30}')
"""Tokens that any text takes while it has room for so many characters: llguidance looks through them all at once.
Two of its own four slices for JSON; the others (white space, text without end) never come up with our caps."""


class GrammarVocabulary:
    """Makes constraints for the sequences of one engine; to build it takes more than a second for 262,144 tokens.

    Args:
        tokenizer: the model's.
        size: logits in a row, which may be more than the tokenizer has tokens.
        stop_ids: tokens that end an answer, at least one.
    """

    def __init__(self, tokenizer: Tokenizer, size: int, stop_ids: Collection[int]) -> None:
        from llguidance import LLTokenizer

        if not stop_ids:
            raise InputError(
                "cannot hold a reply to a form: the vocabulary has no token that ends an answer",
                hint="use the tokenizer that belongs to the model",
            )
        self._size = size
        self._stop_ids = sorted(stop_ids)
        self._thinking = _thinking(tokenizer, self._stop_ids)
        pieces = _Pieces(tokenizer, size, self._stop_ids)
        self._tokens = LLTokenizer(cast("TokenizerWrapper", pieces), eos_token=self._stop_ids, slices=list(SLICES))

    def constraint(self, sampling: Sampling) -> Constraint | None:
        """What holds one reply to the form that was asked for; None where none was.

        Raises:
            InputError: the form cannot be followed.
        """
        from llguidance import LLMatcher

        grammar = grammar_of(sampling.schema, sampling.regex)
        if grammar is None:
            return None
        matcher = LLMatcher(self._tokens, grammar, log_level=0)
        thinking = self._thinking if sampling.may_think else None
        return Constraint(matcher, size=self._size, thinking=thinking)


class _Pieces:
    """The interface that llguidance's LLTokenizer asks for."""

    is_tokenizer_wrapper = True
    bos_token_id = None
    special_token_ids: Sequence[int] = ()

    def __init__(self, tokenizer: Tokenizer, size: int, stop_ids: Sequence[int]) -> None:
        self._tokenizer = tokenizer
        pieces = [tokenizer.piece(token) for token in range(min(size, tokenizer.size))]
        pieces += [b""] * (size - len(pieces))
        for token in _unwanted(pieces, tokenizer):
            pieces[token] = b""
        for token in stop_ids:
            pieces[token] = b"\xff<stop %d>" % token  # llguidance's mark of a special token
        self.eos_token_id = stop_ids[0]
        self.tokens = pieces

    def __call__(self, text: str) -> list[int]:
        """The tokens in which the model itself would write a text."""
        ids = self._tokenizer.encode(text)
        if self._spell(ids) == text.encode():
            return ids
        return [token for character in text for token in self._tokenizer.encode(character)]  # it spells a special token

    def _spell(self, ids: Sequence[int]) -> bytes:
        return b"".join(self.tokens[token] for token in ids if token < len(self.tokens))


def _unwanted(pieces: Sequence[bytes], tokenizer: Tokenizer) -> list[int]:
    """Tokens that no reply of a form shall hold: those that mean nothing, and second spellings of the same bytes."""
    twins: defaultdict[bytes, list[int]] = defaultdict(list)
    unwanted = []
    for token, piece in enumerate(pieces):
        if piece[:1] in (b"<", b"[") and _means_nothing(piece.decode(errors="replace")):
            unwanted.append(token)
        elif piece:
            twins[piece].append(token)
    for piece, tokens in twins.items():
        if len(tokens) > 1:
            usual = tokenizer.encode(piece.decode(errors="replace"))
            unwanted += [token for token in tokens if usual != [token]] if usual[:1] in [[t] for t in tokens] else []
    return unwanted


def _means_nothing(text: str) -> bool:
    return APART.fullmatch(text) is not None or control_token_in(text) == text


def _thinking(tokenizer: Tokenizer, stop_ids: Sequence[int]) -> Thinking | None:
    start, end = tokenizer.id_of(THINKING_START), tokenizer.id_of(THINKING_END)
    if start is None or end is None:
        return None
    return Thinking(start=start, end=end, stop_ids=tuple(stop_ids))
