"""Thinking: asking for it, and telling it from the answer.

A model that thinks writes ``<unused94>thought\\n … <unused95>answer``. MedGemma 1.5 does so unasked too, may be cut off
before it closes, and now and then writes only the closing token. Source: Google-Health/medgemma,
notebooks/quick_start_with_hugging_face (reference/medgemma.md 9); its `response.split("<unused95>")` raises on no
closing token or two, this does not.

=====================================  ==========  ==========
what the model wrote                   thinking    answer
=====================================  ==========  ==========
``b``                                  None        b
``<unused94>thought\\n a <unused95> b``  a           b
``<unused94>thought\\n a`` (cut off)     a           (empty)
``a <unused95> b``                     a           b
``a <unused95> b <unused95> c``        a           b c
=====================================  ==========  ==========
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from osler.prompt.special import THINKING_END, THINKING_START
from osler.values import Message, TextPart

__all__ = [
    "TRIGGER",
    "Piece",
    "PieceKind",
    "SplitText",
    "ThinkingSplitter",
    "ask_to_think",
    "split_text",
]

TRIGGER = "SYSTEM INSTRUCTION: think silently if needed."
LABEL = "thought\n"
MARKERS = (THINKING_START, THINKING_END)

PieceKind = Literal["thinking", "answer"]


class SplitText(NamedTuple):
    """What a model wrote, in two; `thinking` is None where it did not think."""

    thinking: str | None
    answer: str


class Piece(NamedTuple):
    """A stretch of a stream, never empty."""

    kind: PieceKind
    text: str


def ask_to_think(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Put the trigger before the system text, adding a system message where there is none.

    The 1.5 4B, the 27B and the 27B text model were tuned for it, the first 4B was not.
    """
    if messages and messages[0].role == "system":
        parts = (TextPart(text=TRIGGER + " "), *messages[0].parts)
        return (replace(messages[0], parts=parts), *messages[1:])
    return (Message(role="system", parts=(TextPart(text=TRIGGER),)), *messages)


def split_text(text: str) -> SplitText:
    """Tell thinking from answer in a whole reply whose thinking tokens are spelt out.

    >>> split_text("<unused94>thought\\nHeart first.<unused95>It is enlarged.")
    SplitText(thinking='Heart first.', answer='It is enlarged.')
    """
    before, closing, _ = text.partition(THINKING_END)
    if closing and THINKING_START not in before:
        text = THINKING_START + text
    splitter = ThinkingSplitter()
    pieces = [*splitter.push(text), *splitter.finish()]
    if not splitter.has_thought:
        return SplitText(None, text)
    thinking, answer = (
        "".join(piece.text for piece in pieces if piece.kind == kind) for kind in ("thinking", "answer")
    )
    return SplitText(thinking.strip(), answer.strip())


class ThinkingSplitter:
    """Tells thinking from answer in text that arrives in pieces, and never lets out a part of a marker.

    What was let out cannot be taken back: where a closing token comes with no opening one before it, the stream has
    given the text before it as answer, and only `split_text` on the whole knows it was thinking.
    """

    def __init__(self) -> None:
        self.has_thought = False
        self._kind: PieceKind = "answer"
        self._held = ""
        self._at_label = False
        self._at_answer = False

    def push(self, text: str) -> tuple[Piece, ...]:
        """Take a piece of text; give what can be told by now."""
        self._held += text
        pieces: list[Piece] = []
        while (found := _first_marker(self._held)) is not None:
            position, marker = found
            pieces += self._let_out(self._held[:position])
            self._held = self._held[position + len(marker) :]
            self._turn(marker)
        if self._at_label and LABEL.startswith(self._held[: len(LABEL)]) and len(self._held) < len(LABEL):
            return tuple(pieces)
        keep = _partial_marker(self._held)
        ready, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return (*pieces, *self._let_out(ready))

    def finish(self) -> tuple[Piece, ...]:
        """Give what was held back; the stream is over."""
        rest, self._held = self._held, ""
        if self._at_label and LABEL.startswith(rest):
            return ()
        return tuple(self._let_out(rest))

    def _turn(self, marker: str) -> None:
        """Go on with thinking or answer; a token that changes nothing (a second closing one) is dropped."""
        kind: PieceKind = "thinking" if marker == THINKING_START else "answer"
        self._at_label = kind == "thinking"
        self._at_answer = kind == "answer" and self._kind == "thinking"
        self._kind = kind
        self.has_thought = True

    def _let_out(self, text: str) -> list[Piece]:
        if not text:
            return []
        if self._at_label:
            text, self._at_label = text.removeprefix(LABEL), False
        if self._at_answer:
            text = text.lstrip()
            self._at_answer = not text
        return [Piece(self._kind, text)] if text else []


def _first_marker(text: str) -> tuple[int, str] | None:
    found = [(position, marker) for marker in MARKERS if (position := text.find(marker)) >= 0]
    return min(found, default=None)


def _partial_marker(text: str) -> int:
    """How many of the last characters may be the beginning of a marker."""
    longest = max(len(marker) for marker in MARKERS) - 1
    for length in range(min(longest, len(text)), 0, -1):
        if any(marker.startswith(text[-length:]) for marker in MARKERS):
            return length
    return 0
