"""Token ids to text, as they come."""

import codecs

from osler.prompt.tokens import Tokenizer

__all__ = ["Detokeniser"]


class Detokeniser:
    """Turns ids into text piece by piece; a character whose bytes several tokens share comes out whole.

    Bytes that are no UTF-8 become U+FFFD. A special token stands for no bytes: it ends an unfinished character.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def push(self, token: int) -> str:
        """Take an id; give the characters that are complete by now."""
        piece = self._tokenizer.piece(token)
        return self._decoder.decode(piece) if piece else self.finish()

    def finish(self) -> str:
        """What is left when no more ids come: nothing, or U+FFFD for the bytes of an unfinished character."""
        return self._decoder.decode(b"", final=True)
