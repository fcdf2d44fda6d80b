"""The tokenizer of a safetensors folder: tokenizer.json, through Hugging Face's `tokenizers`."""

from collections.abc import Sequence
from pathlib import Path

from osler.errors import WeightsError
from osler.weights.pieces import SPECIAL, decode_pieces, piece_bytes, without_surrogates

__all__ = ["JsonTokenizer"]


class JsonTokenizer:
    """A `Tokenizer` (osler.prompt.tokens) made from tokenizer.json."""

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer

        if not path.is_file():
            raise WeightsError(f"there is no {path.name} in `{path.parent.name}`", hint="fetch all files of the model")
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the package raises bare Exception for whatever it cannot read
            raise WeightsError(f"cannot read `{path.name}`: {error}", hint="fetch the file again") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        added = self._tokenizer.get_added_tokens_decoder()
        self._special = {token for token, entry in added.items() if entry.special or entry.content in SPECIAL}
        self.size = max(max(added, default=-1) + 1, self._tokenizer.get_vocab_size(with_added_tokens=True))
        self._refuse_byte_level()

    def _refuse_byte_level(self) -> None:
        """Gemma's pieces are text with ▁ for the space; byte-level ones (GPT-2's) would decode to nonsense."""
        if "ByteLevel" in str(self._tokenizer.decoder):
            raise WeightsError(
                "cannot use tokenizer.json: it is byte-level, Gemma's is not", hint="fetch the model's own tokenizer"
            )

    def encode(self, text: str) -> list[int]:
        return self._tokenizer.encode(without_surrogates(text), add_special_tokens=False).ids

    def decode(self, ids: Sequence[int]) -> str:
        return decode_pieces(ids, self.piece)

    def piece(self, token: int) -> bytes:
        text = self._tokenizer.id_to_token(token) if 0 <= token < self.size and token not in self._special else None
        return b"" if text is None else piece_bytes(text)

    def id_of(self, token: str) -> int | None:
        return self._tokenizer.token_to_id(token)
