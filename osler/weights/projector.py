"""The projector file (mmproj) that gives a GGUF language model its eyes: found by what it says, never by its name."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from osler.errors import WeightsError
from osler.model.config import VisionConfig
from osler.model.matrix import DenseMatrix, Matrix
from osler.weights.gguf_config import Metadata, vision_config
from osler.weights.gguf_file import GgufFile, is_gguf
from osler.weights.gguf_names import feed_forward_is_swapped, vision_names
from osler.weights.names import Shape, canonical_shape

__all__ = ["Found", "Projector", "find_projector"]

_PREFERENCE = ("F16", "BF16", "F32")
"""F16 first: MedGemma's tower is published in bfloat16, both hold it well and F32 only doubles the reading.
F16 keeps three more bits of what a converter computed than BF16 does."""

_GET_ONE = "put the model's mmproj file (F16, BF16 or F32, published beside the GGUF) into the same folder"


class Projector:
    """An opened projector file.

    Attributes:
        config: the vision tower's shape.
        text_width: the width of the language model it belongs to.
    """

    def __init__(self, file: GgufFile) -> None:
        self.file = file
        self.config: VisionConfig = vision_config(file.metadata, file.path.name)
        self.text_width = Metadata(file.metadata, file.path.name).count("clip.vision.projection_dim")
        shapes = {name: tensor.shape for name, tensor in file.tensors.items()}
        swapped = feed_forward_is_swapped(shapes, self.config.width, self.config.feed_forward_width)
        names = vision_names(self.config.num_layers, swapped=swapped)
        self._names = {name: tensor for name, tensor in names.items() if tensor in file.tensors}

    @property
    def kind(self) -> str:
        """The number format of its matrices: that of the first layer's query."""
        tensor = self.file.tensors.get("v.blk.0.attn_q.weight")
        return tensor.kind if tensor else "F32"

    @property
    def description(self) -> str:
        return f"mmproj {self.kind}"

    def names(self) -> frozenset[str]:
        return frozenset(self._names)

    def shape(self, name: str) -> Shape:
        return canonical_shape(name, self.file.tensors[self._names[name]].shape)

    def matrix(self, name: str) -> Matrix:
        matrix = self.file.matrix(self._names[name])
        if name == "projector.weight":
            if isinstance(matrix, DenseMatrix):
                return DenseMatrix(values=np.ascontiguousarray(matrix.values.T), kind=matrix.kind)
            return DenseMatrix(values=np.ascontiguousarray(matrix.dequantised().T), kind="f32")
        if name == "vision.patch.weight" and isinstance(matrix, DenseMatrix):
            return DenseMatrix(values=matrix.values.reshape(self.shape(name)), kind=matrix.kind)
        return matrix


@dataclass(frozen=True, slots=True)
class Found:
    """A projector, or a note that says why there is none and what to do."""

    projector: Projector | None
    note: str = ""


def find_projector(model: Path, own_files: list[Path], text_width: int) -> Found:
    """The projector beside a language model.

    Of several that fit, F16 comes before BF16 before F32 before others, then the first by name.
    A file beside the model that cannot be read does not stop a language model from loading.
    """
    fitting: list[Projector] = []
    misfits: list[str] = []
    for path in sorted(model.parent.glob("*.gguf")):
        if path in own_files or not is_gguf(path):
            continue
        try:
            projector = _open_projector(path)
        except WeightsError as error:
            misfits.append(error.message)
            continue
        if projector is None:
            continue
        if projector.text_width == text_width:
            fitting.append(projector)
        else:
            misfits.append(
                f"`{path.name}` projects to the width {projector.text_width}, but `{model.name}` has {text_width}"
            )
    if fitting:
        return Found(min(fitting, key=_rank))
    if misfits:
        return Found(None, f"no projector beside `{model.name}` fits: {'; '.join(misfits)}. {_GET_ONE.capitalize()}")
    return Found(None, f"there is no projector (mmproj) beside `{model.name}`: {_GET_ONE}")


def _rank(projector: Projector) -> int:
    return _PREFERENCE.index(projector.kind) if projector.kind in _PREFERENCE else len(_PREFERENCE)


def _open_projector(path: Path) -> Projector | None:
    """The file as a projector of Gemma 3, or None where it is something else."""
    file = GgufFile(path)
    kind = file.metadata.get("clip.projector_type", file.metadata.get("clip.vision.projector_type"))
    if file.metadata.get("general.architecture") != "clip" or kind != "gemma3":
        return None
    return Projector(file)
