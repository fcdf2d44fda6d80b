"""The number forms in which a weight matrix reaches the graph.

A matrix is either dense (one number a weight) or grouped: small integer codes with a scale and,
where the checkpoint's blocks have a minimum, an offset for each group of neighbouring weights in a row::

    W[n, g, j] = scale[n, g] * codes[n, g, j] + offset[n, g]
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["DenseMatrix", "GroupedMatrix", "Matrix"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DenseMatrix:
    """A matrix with one number a weight.

    Attributes:
        values: [N, K] float32 or float16, or uint16 that holds bfloat16 bits (`kind` "bf16").
        kind: "f32", "f16" or "bf16".
    """

    values: np.ndarray
    kind: str

    @property
    def shape(self) -> tuple[int, int]:
        return self.values.shape

    def rows(self, some: slice) -> "DenseMatrix":
        """Some of its rows, nothing copied or converted."""
        return DenseMatrix(values=self.values[some], kind=self.kind)

    def narrowed(self) -> "DenseMatrix":
        """The same in bfloat16, rounded to the nearest and of two to the even one."""
        if self.kind == "bf16":
            return self
        bits = self.values.astype(np.float32).view(np.uint32)
        rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
        return DenseMatrix(values=rounded.astype(np.uint16), kind="bf16")

    def dequantised(self) -> np.ndarray:
        """[N, K] float32."""
        if self.kind == "bf16":
            return (self.values.astype(np.uint32) << 16).view(np.float32)
        return self.values.astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedMatrix:
    """A matrix of integer codes with a scale, and maybe an offset, for each group of weights.

    Attributes:
        codes: [N, K] int8 for `bits` 8; [N, K // 2] uint8 for `bits` 4, the even weight in the low
            half of each byte, both halves in two's complement (values -8..7).
        bits: 8 or 4.
        scale: [N, K // group] float32.
        offset: [N, K // group] float32, or None where the blocks have no minimum.
        group: weights that share one scale: a divisor of K.
    """

    codes: np.ndarray
    bits: int
    scale: np.ndarray
    offset: np.ndarray | None
    group: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.codes.shape[0], self.codes.shape[1] * (8 // self.bits)

    def rows(self, some: slice) -> "GroupedMatrix":
        """Some of its rows, nothing copied or converted."""
        return GroupedMatrix(
            codes=self.codes[some],
            bits=self.bits,
            scale=self.scale[some],
            offset=None if self.offset is None else self.offset[some],
            group=self.group,
        )

    def unpacked(self) -> np.ndarray:
        """The codes, [N, K] int8."""
        if self.bits == 8:
            return self.codes
        signed = self.codes.view(np.int8)
        return np.stack([(signed << 4) >> 4, signed >> 4], axis=-1).reshape(self.shape)

    def dequantised(self) -> np.ndarray:
        """[N, K] float32, the exact weights."""
        rows, columns = self.shape
        groups = self.unpacked().reshape(rows, columns // self.group, self.group).astype(np.float32)
        weights = groups * self.scale[..., None]
        if self.offset is not None:
            weights += self.offset[..., None]
        return weights.reshape(rows, columns)


Matrix = DenseMatrix | GroupedMatrix
