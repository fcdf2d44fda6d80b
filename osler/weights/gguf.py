"""A GGUF model, with the projector file that belongs to it, as a checkpoint."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from osler.errors import WeightsError
from osler.model.config import ModelConfig, TextConfig
from osler.model.matrix import Matrix
from osler.prompt.tokens import Tokenizer
from osler.weights.checkpoint import Checkpoint, check_ids, check_shapes
from osler.weights.fingerprint import file_record, identity
from osler.weights.generation import generation_of
from osler.weights.gguf_config import text_config
from osler.weights.gguf_file import GgufFile, GgufTensor, open_gguf
from osler.weights.gguf_names import text_names
from osler.weights.names import Shape
from osler.weights.projector import Projector, find_projector

__all__ = ["GgufCheckpoint"]

_NAMES = ("general.name", "general.basename", "general.base_model.0.name", "general.base_model.0.repo_url")

# llama.cpp's numbers of whole-file types (its include/llama.h), for descriptions only.
_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS",
    21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4",
}  # fmt: skip


class GgufCheckpoint(Checkpoint):
    """A text model in GGUF, in one file or several parts, and its projector file where one lies beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._parts = open_gguf(path)
        _check_architecture(self._parts[0])
        self._tensors = {name: (part, tensor) for part in self._parts for name, tensor in part.tensors.items()}
        text = self._text_config()
        self._names = {name: tensor for name, tensor in text_names(text.num_layers).items() if tensor in self._tensors}
        found = find_projector(path, [part.path for part in self._parts], text.width)
        self._projector: Projector | None = found.projector
        self.vision_note = found.note
        self.recipe = generation_of([*(self._parts[0].metadata.get(key) for key in _NAMES), path.resolve().name])
        self.config = ModelConfig(text=text, vision=found.projector.config if found.projector else None)
        self._check_vocabulary()
        check_shapes(path.name, self.config, {name: self.shape(name) for name in self.names()})
        opened = [*self._parts, *([self._projector.file] if self._projector else [])]
        self.files = tuple(file_record(part.path, part.mapped.bytes, "gguf", part.tensors.values()) for part in opened)
        self.identity = identity(self.files)
        self.description = f"GGUF {self._kind()}" + (f" + {self._projector.description}" if self._projector else "")

    def _text_config(self) -> TextConfig:
        if "token_embd.weight" not in self._tensors:
            raise WeightsError(
                f"`{self.path.name}` is incomplete: the tensor `token_embd.weight` is missing",
                hint="fetch all files of the model again",
            )
        return text_config(
            self._parts[0].metadata,
            self.path.name,
            vocabulary_size=self._tensors["token_embd.weight"][1].shape[0],
            tied_output="output.weight" not in self._tensors,
        )

    def _check_vocabulary(self) -> None:
        tokens = self._parts[0].metadata.get("tokenizer.ggml.tokens", [])
        rows = self.config.text.vocabulary_size
        if tokens and len(tokens) != rows:
            raise WeightsError(
                f"`{self.path.name}` contradicts itself: {len(tokens):,} tokens for {rows:,} rows of the embedding",
                hint="convert the model again with a current llama.cpp, or use a published file",
            )

    def _kind(self) -> str:
        """The file's own type, or the commonest among its matrices."""
        named = _FILE_TYPES.get(self._parts[0].metadata.get("general.file_type", -1))
        if named is not None:
            return named
        kinds = Counter(tensor.kind for _, tensor in self._tensors.values() if len(tensor.shape) > 1)
        return kinds.most_common(1)[0][0]

    def _place(self, name: str) -> tuple[GgufFile, GgufTensor]:
        if name not in self._names:
            raise KeyError(name)
        return self._tensors[self._names[name]]

    def _in_projector(self, name: str) -> Projector | None:
        return None if name.startswith("text.") else self._projector

    def names(self) -> frozenset[str]:
        return frozenset(self._names) | (self._projector.names() if self._projector else frozenset())

    def shape(self, name: str) -> Shape:
        projector = self._in_projector(name)
        return projector.shape(name) if projector else self._place(name)[1].shape

    def matrix(self, name: str) -> Matrix:
        projector = self._in_projector(name)
        if projector:
            return projector.matrix(name)
        file, tensor = self._place(name)
        return file.matrix(tensor.name)

    def vector(self, name: str) -> np.ndarray:
        return self.matrix(name).dequantised().reshape(-1)

    def embedding_rows(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        file, tensor = self._place("text.embedding")
        numbers = check_ids(ids, tensor.shape[0])
        rows = np.zeros((len(numbers), tensor.shape[1]), np.float32)
        inside = numbers < tensor.shape[0]
        rows[inside] = file.rows(tensor.name, numbers[inside])
        return rows

    def tokenizer(self) -> Tokenizer:
        from osler.weights.gguf_tokenizer import GgufTokenizer

        return GgufTokenizer.from_metadata(self._parts[0].metadata, self.path.name)

    def release(self) -> None:
        for part in self._parts:
            part.mapped.release()
        if self._projector:
            self._projector.file.mapped.release()


def _check_architecture(file: GgufFile) -> None:
    architecture = file.metadata.get("general.architecture")
    if architecture == "gemma3":
        return
    if architecture == "clip":
        raise WeightsError(
            f"`{file.path.name}` is only a projector (mmproj): it reads images but holds no language model",
            hint="give the language model's file; the projector is found beside it",
        )
    raise WeightsError(
        f"cannot run `{file.path.name}`: expected the architecture gemma3 (MedGemma, Gemma 3), got {architecture!r}",
        hint="Osler runs MedGemma and Gemma 3 only",
    )
