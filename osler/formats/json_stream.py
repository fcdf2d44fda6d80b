"""JSON text read piece by piece, so that no more than one value of it is in memory."""

import codecs
import math
import re
from json import JSONDecoder
from typing import Any, BinaryIO

__all__ = ["MOST_CHARACTERS", "JsonError", "JsonStream"]

MOST_CHARACTERS = 1 << 25
"""The longest value: Python takes up to 24 bytes a character for hostile ones ("[[],[],[],…"), so 0.8 GB."""

CHUNK_BYTES = 1 << 16
NUMBER_PARTS = "0123456789+-.eE"
SPACE = re.compile(r"[ \t\r\n]+")


class JsonError(ValueError):
    """The text is no JSON, or more than is read at once; its message holds nothing of the text."""


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _refused(name: str) -> None:
    raise ValueError  # NaN and Infinity are no JSON


DECODER = JSONDecoder(parse_float=_finite, parse_constant=_refused)


class JsonStream:
    """A cursor in JSON text.

    Args:
        stream: UTF-8, with or without a byte order mark.
        most_characters: how long a single value may be.
    """

    def __init__(self, stream: BinaryIO, *, most_characters: int = MOST_CHARACTERS) -> None:
        self._stream = stream
        self._most = most_characters
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._passed = 0  # characters before `_text`
        self._is_ended = False

    @property
    def position(self) -> int:
        """How many characters lie behind."""
        return self._passed + self._at

    def peek(self) -> str:
        """The next character that is no white space; "" at the end of the text."""
        while True:
            space = SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text) or self._is_ended:
                return self._text[self._at : self._at + 1]
            self._read(CHUNK_BYTES)

    def take(self, characters: str) -> str:
        """Step over one of these characters and tell which; JsonError for any other."""
        found = self.peek()
        if not found or found not in characters:
            raise JsonError("it is damaged or cut off")
        self._at += 1
        return found

    def value(self) -> Any:
        """Step over a whole value and give it.

        Raises:
            JsonError: damaged, cut off, too long, nested too deeply, or with numbers out of range.
        """
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                raise JsonError("it is nested too deeply") from None
            except ValueError:  # no value, or the beginning of one
                end = None
            if end is not None and (self._is_ended or self._is_whole(value, end)):
                self._at = end
                return value
            pending = len(self._text) - self._at
            if self._is_ended:
                raise JsonError("it is damaged or cut off")
            if pending > self._most:
                raise JsonError(f"it is damaged, or holds a value of more than {self._most:,} characters")
            self._read(max(CHUNK_BYTES, pending))  # twice as much each time

    def _is_whole(self, value: Any, end: int) -> bool:
        """Whether nothing that follows could belong to a value that ends here; a number goes on with its next part."""
        following = self._text[end : end + 1]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return bool(following) and not (is_number and following in NUMBER_PARTS)

    def _read(self, num_bytes: int) -> None:
        data = self._stream.read(num_bytes)
        self._passed += self._at
        try:
            self._text = self._text[self._at :] + self._decoder.decode(data, final=not data)
        except UnicodeDecodeError:
            raise JsonError("it is not UTF-8") from None
        self._at = 0
        self._is_ended = not data
