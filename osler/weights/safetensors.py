"""A folder of safetensors, as published, as a checkpoint."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from osler.errors import WeightsError
from osler.model.matrix import DenseMatrix, Matrix
from osler.prompt.tokens import Tokenizer
from osler.weights.checkpoint import Checkpoint, check_ids, check_shapes
from osler.weights.fingerprint import file_record, identity
from osler.weights.generation import generation_of
from osler.weights.mapped import MappedFile
from osler.weights.names import Shape, canonical_shape
from osler.weights.safetensors_config import model_config
from osler.weights.safetensors_file import SafetensorsFile, StoredTensor
from osler.weights.safetensors_folder import read_json, weight_files
from osler.weights.safetensors_names import canonical_name

__all__ = ["SafetensorsCheckpoint"]

_NO_VISION = (
    "these weights hold no vision tower: use a multimodal model, such as medgemma-1.5-4b-it or medgemma-27b-it,"
    " with all of its files"
)


class SafetensorsCheckpoint(Checkpoint):
    """config.json, tokenizer.json and one or several *.safetensors. Norms are stored as w and read as 1 + w."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        paths = weight_files(folder)
        values = read_json(folder / "config.json")
        self._files = [SafetensorsFile(path) for path in paths]
        self._places = _places(self._files, folder)
        has_vision = any(name.startswith("vision.") for name in self._places)
        self.config = model_config(values, has_vision=has_vision)
        if self.config.vision is None:
            self.vision_note = _NO_VISION
            self._places = {name: place for name, place in self._places.items() if name.startswith("text.")}
        if self.config.text.tied_output:  # some files hold the tied matrix twice; transformers reads the embedding
            self._places.pop("text.output", None)
        check_shapes(folder.name, self.config, {name: self.shape(name) for name in self._places})
        self.files = tuple(
            [file_record(folder / "config.json", MappedFile(folder / "config.json").bytes, "config")]
            + [file_record(file.path, file.mapped.bytes, "safetensors", file.tensors.values()) for file in self._files]
        )
        self.identity = identity(self.files)
        self.recipe = generation_of([values.get("_name_or_path"), folder.resolve().name])
        kinds = Counter(file.tensors[name].kind for file, name in self._places.values())
        self.description = f"safetensors {kinds.most_common(1)[0][0]}"

    def _place(self, name: str) -> tuple[SafetensorsFile, StoredTensor]:
        file, stored = self._places[name]
        return file, file.tensors[stored]

    def names(self) -> frozenset[str]:
        return frozenset(self._places)

    def shape(self, name: str) -> Shape:
        return canonical_shape(name, self._place(name)[1].shape)

    def matrix(self, name: str) -> Matrix:
        file, stored = self._places[name]
        matrix = file.matrix(stored)
        if name == "projector.weight":
            return DenseMatrix(values=np.ascontiguousarray(matrix.values.T), kind=matrix.kind)
        return matrix

    def vector(self, name: str) -> np.ndarray:
        file, stored = self._places[name]
        vector = file.matrix(stored).dequantised().reshape(-1)
        is_rms_norm = name.endswith("norm") and (name.startswith("text.") or name == "projector.norm")
        return vector + np.float32(1) if is_rms_norm else vector

    def embedding_rows(self, ids: Sequence[int] | np.ndarray) -> np.ndarray:
        file, stored = self._places["text.embedding"]
        table = file.matrix(stored)
        numbers = check_ids(ids, table.shape[0])
        rows = np.zeros((len(numbers), table.shape[1]), np.float32)
        inside = numbers < table.shape[0]
        rows[inside] = DenseMatrix(values=table.values[numbers[inside]], kind=table.kind).dequantised()
        return rows

    def tokenizer(self) -> Tokenizer:
        from osler.weights.json_tokenizer import JsonTokenizer

        return JsonTokenizer(self.path / "tokenizer.json")

    def release(self) -> None:
        for file in self._files:
            file.mapped.release()


def _places(files: list[SafetensorsFile], folder: Path) -> dict[str, tuple[SafetensorsFile, str]]:
    """Canonical name -> file and stored name."""
    places: dict[str, tuple[SafetensorsFile, str]] = {}
    for file in files:
        for stored in file.tensors:
            name = canonical_name(stored)
            if name is None:
                continue
            if name in places:
                raise WeightsError(
                    f"`{folder.name}` holds `{name}` twice: as `{places[name][1]}` and as `{stored}`",
                    hint="keep one model in a folder",
                )
            places[name] = (file, stored)
    return places
