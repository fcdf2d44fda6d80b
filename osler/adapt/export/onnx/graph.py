"""One ONNX model while it is being written."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from osler.adapt.export.onnx.numbers import GROUP, Numbers, Place
from osler.extras import needed
from osler.model.matrix import Matrix

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["OPSET", "OnnxGraph", "WeightSource", "library"]

OPSET = 20
"""The first with Gelu. onnxruntime 1.17 and later read it."""

IR_VERSION = 9
"""Of the file format: the one that belongs to the opset."""


class WeightSource(Protocol):
    """What a checkpoint offers, by canonical name."""

    def matrix(self, name: str) -> Matrix: ...

    def vector(self, name: str) -> np.ndarray: ...

    def release(self) -> None: ...


class OnnxGraph:
    """Collects nodes and weights; every method that makes a value returns its name.

    Args:
        name: the file's without its ending; large weights go to `{name}.data`.
        numbers: where they are written.
        weights: where they come from.
        eight_bits: whether matrices that can be are written in 8 bits (`osler.adapt.export.onnx.eight_bits`).
    """

    def __init__(self, name: str, numbers: Numbers, weights: WeightSource, *, eight_bits: bool = False) -> None:
        self._onnx = library()
        self.name = name
        self._numbers = numbers
        self._weights = weights
        self._eight_bits = eight_bits
        self._domains = {"": OPSET}
        self._nodes: list[Any] = []
        self._initializers: dict[str, Any] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def input(self, name: str, kind: str, shape: Sequence[int | str]) -> str:
        """An input; a dimension with a name is free."""
        self._inputs.append(self._value(name, kind, shape))
        return name

    def output(self, name: str, value: str, shape: Sequence[int | str], *, is_first: bool = False) -> None:
        """Give a float32 value away under a name, as the last or the first of the outputs."""
        self._nodes.append(self._onnx.helper.make_node("Identity", [value], [name]))
        self._outputs.insert(0 if is_first else len(self._outputs), self._value(name, "f32", shape))

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """The only, or first, output of a new node."""
        return self.nodes(1, kind, *inputs, **attributes)[0]

    def nodes(self, count: int, kind: str, *inputs: str, **attributes: Any) -> list[str]:
        """The outputs of a new node that has several; `domain` names one of other operations than ONNX's."""
        self._domains.setdefault(attributes.get("domain", ""), 1)
        number = len(self._nodes)
        outputs = [f"{kind}.{number}" if count == 1 else f"{kind}.{number}.{index}" for index in range(count)]
        self._nodes.append(self._onnx.helper.make_node(kind, list(inputs), outputs, **attributes))
        return outputs

    def constant(self, values: np.ndarray | np.generic) -> str:
        """A small constant within the model; equal ones are one."""
        array = np.asarray(values)
        name = f"{array.dtype}{list(array.shape)}.{array.tobytes().hex()}" if array.size <= 8 else ""
        name = name or f"constant.{len(self._initializers)}"
        if name not in self._initializers:
            self._initializers[name] = self._onnx.numpy_helper.from_array(array, name)
        return name

    def number(self, value: float) -> str:
        """A float32 scalar."""
        return self.constant(np.float32(value))

    def integers(self, *values: int) -> str:
        """An int64 vector: axes, shapes, bounds."""
        return self.constant(np.array(values, np.int64))

    def vector(self, name: str) -> str:
        """A weight vector, float32."""
        if name not in self._initializers:
            values = np.ascontiguousarray(self._weights.vector(name), np.float32)
            self._initializers[name] = self._onnx.numpy_helper.from_array(values, name)
        return name

    def table(self, name: str, *, shape: Sequence[int] | None = None, file: str | None = None) -> str:
        """A weight matrix in the number format of the export.

        Args:
            name: canonical.
            shape: another shape for its numbers.
            file: where they go, for matrices that several models share.
        """
        if name not in self._initializers:
            matrix = self._weights.matrix(name)
            place = self._numbers.write(file or f"{self.name}.data", name, matrix)
            self._outside(name, self._numbers.kind.lower(), shape or matrix.shape, place)
        return name

    def in_eight_bits(self, name: str, *, file: str | None = None) -> tuple[str, str, tuple[int, int]] | None:
        """Codes [N, K / 32, 32], scales [N, K / 32] and shape [N, K] of a matrix, None where it is no such one."""
        if not self._eight_bits:
            return None
        matrix = self._weights.matrix(name)
        rows, columns = matrix.shape
        if columns % GROUP:
            return None
        codes, scale = f"{name}.codes", f"{name}.scale"
        if codes not in self._initializers:
            places = self._numbers.write_eight_bits(file or f"{self.name}.data", name, matrix)
            self._outside(codes, "u8", (rows, columns // GROUP, GROUP), places[0])
            self._outside(scale, "f32", (rows, columns // GROUP), places[1])
        return codes, scale, (rows, columns)

    def matrix(self, name: str, *, shape: Sequence[int] | None = None, file: str | None = None) -> str:
        """As `table`, as float32 whatever it is written in."""
        stored = self.table(name, shape=shape, file=file)
        return stored if self._numbers.kind == "F32" else self.node("Cast", stored, to=self._type("f32"))

    def widened(self, value: str) -> str:
        """Numbers that were taken from a `table`, as float32."""
        return value if self._numbers.kind == "F32" else self.node("Cast", value, to=self._type("f32"))

    def cast(self, value: str, kind: str) -> str:
        """A value as "f32", "i64" or "bool"."""
        return self.node("Cast", value, to=self._type(kind))

    def save(self, folder: Path, about: dict[str, str]) -> Path:
        """Write the model, checked, with `about` as its metadata."""
        helper = self._onnx.helper
        graph = helper.make_graph(
            self._nodes, self.name, self._inputs, self._outputs, initializer=list(self._initializers.values())
        )
        opsets = [helper.make_opsetid(domain, version) for domain, version in self._domains.items()]
        model = helper.make_model(graph, producer_name="osler", ir_version=IR_VERSION, opset_imports=opsets)
        helper.set_model_props(model, about)
        path = folder / f"{self.name}.onnx"
        path.write_bytes(model.SerializeToString())
        self._onnx.checker.check_model(str(path))
        return path

    def _outside(self, name: str, kind: str, shape: Sequence[int], place: Place) -> None:
        """Add a tensor whose numbers lie in a file beside the model."""
        tensor = self._onnx.TensorProto(name=name, dims=list(shape), data_type=self._type(kind))
        tensor.data_location = self._onnx.TensorProto.EXTERNAL
        for key, value in zip(("location", "offset", "length"), place, strict=True):
            tensor.external_data.add(key=key, value=str(value))
        self._initializers[name] = tensor
        self._weights.release()

    def _value(self, name: str, kind: str, shape: Sequence[int | str]) -> Any:
        return self._onnx.helper.make_tensor_value_info(name, self._type(kind), list(shape))

    def _type(self, kind: str) -> int:
        types = self._onnx.TensorProto
        kinds = {"f32": types.FLOAT, "f16": types.FLOAT16, "u8": types.UINT8, "i64": types.INT64, "bool": types.BOOL}
        return int(kinds[kind])


def library() -> "ModuleType":
    """The package onnx.

    Raises:
        MissingExtraError: it is not installed.
    """
    return needed("onnx", "export to ONNX", "export")
