"""A folder of safetensors, as published, as a checkpoint."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
from osler.weights.safetensors_names import canonical_name

__all__ = ["SafetensorsCheckpoint"]

_INDEX = "model.safetensors.index.json"
_NO_VISION = (
    "these weights hold no vision tower: use a multimodal model, such as medgemma-1.5-4b-it or medgemma-27b-it,"
    " with all of its files"
)


class SafetensorsCheckpoint(Checkpoint):
    """config.json, tokenizer.json and one or several *.safetensors. Norms are stored as w and read as 1 + w."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        paths = _weight_files(folder)
        values = _read_json(folder / "config.json")
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


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise WeightsError(
            f"`{path.parent.name}` is incomplete: {path.name} is missing", hint="fetch all files of the model"
        )
    try:
        values = json.loads(path.read_bytes())
    except ValueError as error:
        raise WeightsError(f"cannot read `{path.name}`: it is not JSON", hint="fetch the file again") from error
    if not isinstance(values, dict):
        raise WeightsError(f"cannot read `{path.name}`: it is not a table", hint="fetch the file again")
    return values


def _weight_files(folder: Path) -> list[Path]:
    """The shards that the index names, or model.safetensors, or the only file there is."""
    if (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file():
        raise WeightsError(f"`{folder.name}` holds a LoRA adapter and no model", hint="merge it into its model first")
    if (folder / _INDEX).is_file():
        return _shards(folder)
    files = sorted(folder.glob("*.safetensors"))
    named = [path for path in files if path.name == "model.safetensors"]
    if named or len(files) == 1:
        return named or files
    names = ", ".join(f"`{path.name}`" for path in files)
    raise WeightsError(
        f"`{folder.name}` holds {len(files)} safetensors files and no {_INDEX}: {names}",
        hint="fetch the index too, or keep one model in a folder",
    )


def _shards(folder: Path) -> list[Path]:
    weight_map = _read_json(folder / _INDEX).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise WeightsError(f"cannot read `{_INDEX}`: it has no weight_map", hint="fetch the file again")
    names = sorted({str(name) for name in weight_map.values()})
    if any(Path(name).name != name for name in names):
        raise WeightsError(f"cannot read `{_INDEX}`: it points outside its folder", hint="fetch the file again")
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise WeightsError(
            f"`{folder.name}` is incomplete: {len(missing)} of {len(names)} shards are missing: {', '.join(missing)}",
            hint="fetch all files of the model",
        )
    return [folder / name for name in names]


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
