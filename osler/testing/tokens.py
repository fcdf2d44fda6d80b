"""A whole tokenizer of one screen, for tests that need ids but no vocabulary file."""

import re
from collections.abc import Sequence

__all__ = ["GEMMA_SPECIAL", "CharacterTokenizer"]

GEMMA_SPECIAL = (
    "<pad>",
    "<eos>",
    "<bos>",
    "<unk>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<start_of_image>",
    "<end_of_image>",
    "<image_soft_token>",
    "<unused94>",
    "<unused95>",
)
LONGEST_NEWLINES = 8


class CharacterTokenizer:
    """One token a byte, one for each run of 2 to 8 newlines (Gemma merges them up to 31), and the special tokens.

    Args:
        special: special tokens, in the order of their ids from 0.
        ordinary: those of them that `decode` and `piece` write out, as a vocabulary does that does not mark them.
    """

    def __init__(self, special: Sequence[str] = GEMMA_SPECIAL, ordinary: Sequence[str] = ()) -> None:
        newlines = ["\n" * length for length in range(2, LONGEST_NEWLINES + 1)]
        self._names = (*special, *newlines)
        self._ids = {name: token for token, name in enumerate(self._names)}
        self._hidden = {self._ids[name] for name in special if name not in ordinary}
        self._first_byte = len(self._names)
        self._pattern = re.compile("|".join([*map(re.escape, special), rf"\n{{2,{LONGEST_NEWLINES}}}", "(?s:.)"]))
        self.size = self._first_byte + 256

    def encode(self, text: str) -> list[int]:
        ids: list[int] = []
        for piece in self._pattern.findall(text):
            known = self._ids.get(piece)
            ids += [known] if known is not None else [self._first_byte + byte for byte in piece.encode()]
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        return b"".join(map(self.piece, ids)).decode(errors="replace")

    def piece(self, token: int) -> bytes:
        if token in self._hidden:
            return b""
        if token < self._first_byte:
            return self._names[token].encode()
        return bytes([token - self._first_byte])

    def id_of(self, token: str) -> int | None:
        return self._ids.get(token)
