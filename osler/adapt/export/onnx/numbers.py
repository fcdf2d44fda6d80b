"""Numbers of weights as ONNX keeps them: small ones in the model, large ones slab by slab in a file beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from osler.adapt.export.slabs import converted
from osler.errors import WeightsError
from osler.model.matrix import DenseMatrix, Matrix
from osler.weights.quantised import GROUP, quantise

__all__ = ["GROUP", "NUMBERS", "Numbers", "Place"]

NUMBERS: dict[str, "np.dtype[Any]"] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2")}
"""What a matrix may be written as. There is no BF16: onnxruntime has no products of it on processors."""

ALIGNMENT = 4096
"""Where a matrix begins: onnxruntime maps files by pages."""

Place = tuple[str, int, int]
"""File name, first byte, number of bytes."""


class Numbers:
    """Files of large matrices beside the models.

    Args:
        folder: where they are written.
        kind: a key of `NUMBERS`.
        wrote: told of each piece that is written, in bytes.
    """

    def __init__(self, folder: Path, kind: str, wrote: Callable[[int], None] = lambda size_bytes: None) -> None:
        self.kind = kind
        self._folder = folder
        self._wrote = wrote
        self._places: dict[str, Place] = {}

    def write(self, file: str, name: str, matrix: Matrix) -> Place:
        """Append a matrix [N, K] to a file, row after row. One that was written before is not written again."""
        if name not in self._places:
            with (self._folder / file).open("ab") as target:
                begin = _aligned(target)
                for slab in converted(name, matrix, lambda values: self._narrowed(values, name)):
                    target.write(slab.data)
                    self._wrote(slab.nbytes)
                self._places[name] = file, begin, target.tell() - begin
        return self._places[name]

    def write_eight_bits(self, file: str, name: str, matrix: Matrix) -> tuple[Place, Place]:
        """Append a matrix [N, K] as codes of 8 bits [N, K] uint8, 128 for zero, and scales [N, K / 32] float32."""
        codes, scale = f"{name}.codes", f"{name}.scale"
        if codes not in self._places:
            columns, scales = matrix.shape[1], []
            with (self._folder / file).open("ab") as target:
                begin = _aligned(target)
                for slab in converted(name, matrix, _eight_bits):
                    target.write(np.ascontiguousarray(slab[:, :columns]).data)
                    scales.append(np.ascontiguousarray(slab[:, columns:]))
                    self._wrote(slab.nbytes)
                self._places[codes] = file, begin, target.tell() - begin
                begin = _aligned(target)
                target.write(np.concatenate(scales).data)
                self._places[scale] = file, begin, target.tell() - begin
        return self._places[codes], self._places[scale]

    def _narrowed(self, values: np.ndarray, name: str) -> np.ndarray:
        with np.errstate(over="ignore"):
            narrow = values.astype(NUMBERS[self.kind], order="C", copy=False)
        if not np.isfinite(narrow).all():
            raise WeightsError(
                f"cannot write `{name}` in F16: it holds numbers above 65,504", hint="export with --type F32"
            )
        return narrow


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Weights [n, K] float32 to bytes [n, K + K / 8]: codes, and then the bytes of scales."""
    found = quantise(DenseMatrix(values=values, kind="f32"), 8)
    return np.concatenate([found.codes.view(np.uint8) ^ np.uint8(128), found.scale.view(np.uint8)], axis=1)


def _aligned(target: BinaryIO) -> int:
    """Fill a file up to a whole page."""
    end = target.seek(0, 2)
    begin = -(-end // ALIGNMENT) * ALIGNMENT
    target.write(bytes(begin - end))
    return begin
