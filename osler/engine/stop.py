"""Stop texts over text that arrives in pieces."""

from osler.engine.detokenise import Detokeniser
from osler.prompt.tokens import Tokenizer

__all__ = ["StopWatch", "TextStream"]


class StopWatch:
    """Passes text on, but never a character that may turn out to belong to a stop text.

    What is passed on in all does not depend on how the text was cut into pieces: the text before the stop text that
    is complete first (of two that end together, the longer).

    Attributes:
        stopped: whether a stop text has come; nothing is passed on after it.
    """

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = stops
        self._held = ""
        self.stopped = False

    def push(self, text: str) -> str:
        """Take a piece of text; give what can be told by now to be outside every stop text."""
        if self.stopped or not self._stops:
            return "" if self.stopped else text
        text = self._held + text
        cut = self._first_stop(text)
        self.stopped = cut is not None
        if cut is None:
            cut = len(text) - self._possible_start(text)
        self._held = "" if self.stopped else text[cut:]
        return text[:cut]

    def finish(self) -> str:
        """What was held back, when no more text comes."""
        rest, self._held = self._held, ""
        return rest

    def _first_stop(self, text: str) -> int | None:
        """Where the stop text begins that is complete first."""
        found = [(at + len(stop), at) for stop in self._stops if (at := text.find(stop)) >= 0]
        return min(found)[1] if found else None

    def _possible_start(self, text: str) -> int:
        """How many of the last characters may be the beginning of a stop text."""
        longest = min(len(text), max(map(len, self._stops)) - 1)
        for length in range(longest, 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stops):
                return length
        return 0


class TextStream:
    """The text of one answer: ids in, text out that is complete in its characters and free of stop texts.

    A special token lets out all that was held back: what comes with it was written before it, and a stop text never
    reaches over it.
    """

    def __init__(self, tokenizer: Tokenizer | None, stops: tuple[str, ...]) -> None:
        self._tokenizer = tokenizer
        self._detokeniser = None if tokenizer is None else Detokeniser(tokenizer)
        self._watch = StopWatch(stops)

    @property
    def stopped(self) -> bool:
        """Whether a stop text has come."""
        return self._watch.stopped

    def push(self, token: int) -> str:
        """Take an id; give the text that is certain by now. Always "" without a tokenizer."""
        if self._tokenizer is None or self._detokeniser is None:
            return ""
        text = self._watch.push(self._detokeniser.push(token))
        return text if self._tokenizer.piece(token) else text + self._watch.finish()

    def finish(self) -> str:
        """What is left when the answer is over."""
        if self._detokeniser is None:
            return ""
        return self._watch.push(self._detokeniser.finish()) + self._watch.finish()
