"""A LoRA adapter in peft's format: low-rank terms and whole weights to put over a base model."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np

from osler.errors import VisionError, WeightsError
from osler.model.config import ModelConfig
from osler.weights.adapter_config import LoraConfig
from osler.weights.adapter_names import Part, Role, part_of
from osler.weights.checkpoint import PLACEHOLDER_ROWS
from osler.weights.names import Shape, canonical_shape, expected_shapes
from osler.weights.safetensors_file import SafetensorsFile
from osler.weights.safetensors_folder import read_json

__all__ = ["CONFIG_NAME", "WEIGHTS_NAME", "Adapter", "LowRank", "open_adapter"]

CONFIG_NAME = "adapter_config.json"
WEIGHTS_NAME = "adapter_model.safetensors"
_HINT = "give a folder with adapter_config.json and adapter_model.safetensors, as peft and `osler tune` write it"
_HINT_BASE = "use the adapter with the model that it was tuned on"


@dataclass(frozen=True, slots=True, kw_only=True)
class LowRank:
    """W' = W + scale · B A for one matrix W [N, K].

    Attributes:
        a: [R, K] float32.
        b: [N, R] float32.
        scale: what the product is multiplied by.
    """

    a: np.ndarray
    b: np.ndarray
    scale: float

    @property
    def rank(self) -> int:
        return self.a.shape[0]

    def dense(self) -> np.ndarray:
        """scale · B A, [N, K] float32."""
        return np.float32(self.scale) * (self.b @ self.a)


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """All that an adapter changes, by canonical name (docs/architecture.md).

    Attributes:
        path: its folder.
        name: what it is called: the folder's name unless another was given.
        terms: low-rank terms of matrices of decoder, vision tower and projector. "text.output" may be among them where
            the base model's output matrix is its embedding: the embedding itself stays as it is.
        replaced: whole weights of vision tower and projector that take the base model's place, in canonical shape and
            meaning ("projector.norm" is the whole factor 1 + w), float32.
        identity: 16 hex digits of all numbers: what the adapter computes, whatever its files are called.
    """

    path: Path
    name: str
    terms: Mapping[str, LowRank]
    replaced: Mapping[str, np.ndarray]

    @cached_property
    def identity(self) -> str:
        digest = hashlib.sha256()
        for name, term in sorted(self.terms.items()):
            digest.update(f"{name} {term.scale!r} {term.a.shape} {term.b.shape}\n".encode())
            digest.update(np.ascontiguousarray(term.a).data)
            digest.update(np.ascontiguousarray(term.b).data)
        for name, values in sorted(self.replaced.items()):
            digest.update(f"{name} {values.shape}\n".encode())
            digest.update(np.ascontiguousarray(values).data)
        return digest.hexdigest()[:16]

    @property
    def changes_images(self) -> bool:
        """Whether image vectors under this adapter differ from the base model's."""
        return bool(self.replaced) or any(not name.startswith("text.") for name in self.terms)


def open_adapter(path: str | Path, config: ModelConfig, *, name: str | None = None) -> Adapter:
    """Read an adapter for a base model of this shape.

    Plain LoRA with rslora, alpha_pattern and rank_pattern, on the decoder's seven matrices, the output matrix, the
    tower's six and the projector; and vision tower or projector saved whole.

    Args:
        path: its folder.
        config: the base model's.
        name: what to call it instead of the folder's name.

    Raises:
        WeightsError: there is no adapter, it is damaged, of a kind that Osler does not compute, or of another model.
        VisionError: it changes the image encoder, and the base model has none.
    """
    folder = Path(path)
    if folder.name in (CONFIG_NAME, WEIGHTS_NAME):
        folder = folder.parent
    name = name or folder.resolve().name
    _check_folder(folder)
    lora = LoraConfig(read_json(folder / CONFIG_NAME), name)
    return _Reader(folder, name, config, lora).adapter()


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise WeightsError(f"there is no adapter folder `{folder}`", hint=_HINT)
    if not (folder / CONFIG_NAME).is_file():
        raise WeightsError(f"`{folder.name}` holds no adapter: {CONFIG_NAME} is missing", hint=_HINT)
    if not (folder / WEIGHTS_NAME).is_file():
        has_pickle = (folder / "adapter_model.bin").is_file()
        found = "only a Python pickle, which is never opened" if has_pickle else "none"
        hint = "save it with peft's safe_serialization=True" if has_pickle else _HINT
        raise WeightsError(f"`{folder.name}` holds no {WEIGHTS_NAME}: {found}", hint=hint)


class _Reader:
    """The tensors of one adapter, held against the base model's shapes."""

    def __init__(self, folder: Path, name: str, config: ModelConfig, lora: LoraConfig) -> None:
        self._folder, self._name, self._lora = folder, name, lora
        self._has_vision = config.vision is not None
        self._shapes = expected_shapes(config)
        self._shapes["text.output"] = self._shapes["text.embedding"]
        self._file = SafetensorsFile(folder / WEIGHTS_NAME)

    def adapter(self) -> Adapter:
        factors: dict[str, dict[Role, tuple[Part, np.ndarray]]] = defaultdict(dict)
        replaced: dict[str, np.ndarray] = {}
        for stored in self._file.tensors:
            part = self._part(stored)
            if part.role is Role.COPY:
                self._check_copy(stored)
            elif part.role is Role.WHOLE:
                self._once(part, part.name in replaced)
                replaced[part.name] = self._whole(stored, part)
            else:
                self._once(part, part.role in factors[part.name])
                factors[part.name][part.role] = part, self._factor(stored, part)
        terms = {name: self._term(name, both) for name, both in sorted(factors.items())}
        if not terms and not replaced:
            raise self._refuse(f"{WEIGHTS_NAME} holds no weights", "fetch the adapter again")
        for name in terms:
            self._once(factors[name][Role.A][0], name in replaced)
        return Adapter(
            path=self._folder, name=self._name, terms=MappingProxyType(terms), replaced=MappingProxyType(replaced)
        )

    def _refuse(self, reason: str, hint: str = _HINT_BASE) -> WeightsError:
        return WeightsError(f"cannot use adapter `{self._name}`: {reason}", hint=hint)

    def _part(self, stored: str) -> Part:
        part = part_of(stored)
        if part is None or (part.role is Role.WHOLE and part.name.startswith("text.")):
            what = "a whole weight of the decoder" if part else "no part of Gemma 3 that Osler adapts"
            raise self._refuse(
                f"`{stored[:120]}` is {what}", "merge it into its model with peft and open the merged model instead"
            )
        if part.name in self._shapes:
            return part
        if not self._has_vision and not part.name.startswith("text."):
            raise VisionError(
                f"cannot use adapter `{self._name}`: it changes how images are seen (`{part.name}`),"
                " and the base model has no vision weights",
                hint="open the base model with its vision weights (a GGUF model with its mmproj file beside it)",
            )
        raise self._refuse(f"it changes `{part.name}`, which the base model does not have")

    def _once(self, part: Part, is_there: bool) -> None:
        if is_there:
            raise self._refuse(f"it holds `{part.name}` twice", "keep one adapter in a folder")

    def _check_copy(self, stored: str) -> None:
        if not self._has_vocabulary(self._file.tensors[stored].shape, self._shapes["text.output"][1]):
            raise self._refuse(f"`{stored}` has another vocabulary than the base model's")

    def _has_vocabulary(self, shape: Shape, columns: int) -> bool:
        """Whether there is a row for each token; a GGUF file leaves out the placeholders' and is still that model."""
        rows = self._shapes["text.output"][0]
        return len(shape) == 2 and rows <= shape[0] <= rows + PLACEHOLDER_ROWS and shape[1] == columns

    def _factor(self, stored: str, part: Part) -> np.ndarray:
        """A [R, K] or B [N, R]."""
        shape, rank = self._file.tensors[stored].shape, self._lora.rank(part.module)
        rows, columns = self._shapes[part.name][:: -1 if part.is_swapped else 1]
        expected = (rank, columns) if part.role is Role.A else (rows, rank)
        if part.name == "text.output" and part.role is Role.B and self._has_vocabulary(shape, rank):
            return self._values(stored)[:rows]
        if shape != expected:
            raise self._refuse(self._unlike(stored, expected))
        return self._values(stored)

    def _whole(self, stored: str, part: Part) -> np.ndarray:
        shape: Shape = self._file.tensors[stored].shape
        expected = self._shapes[part.name]
        if not shape or canonical_shape(part.name, shape) != expected:
            raise self._refuse(self._unlike(stored, expected))
        values = self._values(stored)
        if part.name == "projector.weight":
            return np.ascontiguousarray(values.T)
        values = values.reshape(expected)
        return values + np.float32(1) if part.name == "projector.norm" else values

    def _unlike(self, stored: str, expected: Shape) -> str:
        shape = list(self._file.tensors[stored].shape)
        return f"`{stored}` has the shape {shape}; the base model and {CONFIG_NAME} call for {list(expected)}"

    def _values(self, stored: str) -> np.ndarray:
        values = self._file.matrix(stored).dequantised()
        if not np.isfinite(values).all():
            raise self._refuse(f"`{stored}` holds numbers that are not finite", "tune it again with a lower rate")
        return values

    def _term(self, name: str, both: Mapping[Role, tuple[Part, np.ndarray]]) -> LowRank:
        if len(both) != 2:
            raise self._refuse(f"of `{name}` it holds only one of two factors", "fetch the adapter again")
        (part, a), (_, b) = both[Role.A], both[Role.B]
        if part.is_swapped:
            a, b = b.T, a.T
        return LowRank(a=np.ascontiguousarray(a), b=np.ascontiguousarray(b), scale=self._lora.scale(part.module))
