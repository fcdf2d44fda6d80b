"""A small vocabulary built as Gemma's is, for tiny checkpoints: byte-pair encoding, ▁ for space, byte fallback."""

import json
import string
from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["TINY_VOCABULARY", "TinyVocabulary"]

_CONTROL: tuple[str, ...] = (
    "<pad>",
    "<eos>",
    "<bos>",
    "<unk>",
    "<mask>",
    "<unused94>",
    "<unused95>",
    "<start_of_turn>",
)
_CONTROL += ("<end_of_turn>", "<start_of_image>", "<end_of_image>")
_RUNS = ("\n", "\n\n", "\n\n\n", "\n\n\n\n", "▁▁", "▁▁▁", "▁▁▁▁")
_SOFT = "<image_soft_token>"
_CHARACTERS = "▁" + string.ascii_letters + string.digits + string.punctuation + "éµ°胸片"
_WORDS = (
    "the", "and", "of", "is", "in", "are", "on", "with", "this", "image", "chest", "film", "smear", "heart", "lung",
    "lungs", "left", "right", "upper", "lower", "lobe", "normal", "enlarged", "effusion", "pneumonia", "opacity",
    "consolidation", "nodule", "fracture", "findings", "impression", "describe", "patient", "what", "where", "cell",
    "white", "blood", "clear", "no", "yes", "user", "model", "thought", "scan", "prior", "current",
)  # fmt: skip


@dataclass(frozen=True)
class TinyVocabulary:
    """Tokens in the order of their ids; the soft token is the last one, as in Gemma."""

    size: int = 768

    @cached_property
    def merged(self) -> list[str]:
        """Pieces of several characters, the first to merge first: all beginnings of the words, with ▁ and without."""
        pieces = [beginning for word in _WORDS for start in ("▁" + word, word) for beginning in _beginnings(start)]
        return list(dict.fromkeys(pieces))

    @cached_property
    def tokens(self) -> list[str]:
        """All tokens, ordinary ones with the least ids' merges first, filled up with <unused…> to `size`."""
        found = [*_CONTROL, *_RUNS, *(f"<0x{byte:02X}>" for byte in range(256)), *self.merged, *_CHARACTERS]
        filler = [f"<unused{200 + index}>" for index in range(self.size - 1 - len(found))]
        tokens = [*found, *filler, _SOFT]
        if len(tokens) != self.size or len(set(tokens)) != self.size:
            raise ValueError(f"{len(found)} pieces do not fit a vocabulary of {self.size}")
        return tokens

    @cached_property
    def types(self) -> list[int]:
        """GGUF's token types: 1 normal, 3 control, 4 user-defined, 6 byte."""
        return [self._type(token) for token in self.tokens]

    def _type(self, token: str) -> int:
        if token in _CONTROL or token == _SOFT or token.startswith("<unused"):
            return 3
        if token in _RUNS:
            return 4
        return 6 if token.startswith("<0x") else 1

    @cached_property
    def scores(self) -> np.ndarray:
        """float32; a pair merges the earlier the greater the score of what it gives."""
        ranks = {piece: rank for rank, piece in enumerate([*self.merged, *_CHARACTERS])}
        return np.array([-float(ranks[token]) if token in ranks else -1000.0 for token in self.tokens], np.float32)

    def gguf_tokens(self, *, soft_token: bool) -> list[bytes]:
        """Tokens as llama.cpp's converter writes them: runs of spaces with real spaces, mostly no soft token."""
        tokens = [token.replace("▁", " ") if token in _RUNS else token for token in self.tokens]
        return [token.encode() for token in (tokens if soft_token else tokens[:-1])]

    def tokenizer_json(self) -> str:
        """tokenizer.json of the same vocabulary, built as Gemma's is."""
        added = [(index, token) for index, token in enumerate(self.tokens) if self.types[index] in (3, 4)]
        plain = ("▁▁", "\n", "<unused", "<mask>")
        return json.dumps(
            {
                "version": "1.0",
                "added_tokens": [_added(i, token, special=not token.startswith(plain)) for i, token in added],
                "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
                "decoder": {
                    "type": "Sequence",
                    "decoders": [
                        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                        {"type": "ByteFallback"},
                        {"type": "Fuse"},
                    ],
                },
                "model": {
                    "type": "BPE",
                    "unk_token": "<unk>",
                    "fuse_unk": True,
                    "byte_fallback": True,
                    "vocab": {token: index for index, token in enumerate(self.tokens[:-1])},
                    "merges": self._merges(),
                },
            },
            ensure_ascii=False,
        )

    def _merges(self) -> list[list[str]]:
        """Every pair of tokens that gives a token, longest runs first, then in the order of the scores."""
        known = set(self.tokens)
        runs = sorted((run for run in _RUNS if len(run) > 1), key=len, reverse=True)
        return [
            [piece[:cut], piece[cut:]]
            for piece in [*runs, *self.merged]
            for cut in range(1, len(piece))
            if piece[:cut] in known and piece[cut:] in known
        ]


def _beginnings(word: str) -> list[str]:
    return [word[:length] for length in range(2, len(word) + 1)]


def _added(index: int, token: str, *, special: bool) -> dict[str, object]:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": index, "content": token, "special": special, **flags}


TINY_VOCABULARY = TinyVocabulary()
