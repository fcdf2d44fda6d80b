"""Move a quantised model's weights off the grid of its numbers, so that quantising it again is work.

    python tools/off_grid.py gemma-3-270m-Q4_K_M.gguf off-grid.gguf

Weights that come as Q4_K_M are stored in Q4_K_M again at no loss, which says nothing about a quantiser. To each weight
this adds uniform noise of its own step, from -1/2 to 1/2 of the group's scale, seeded: any value that rounds to the
stored one is equally likely. The result is written in F16 (its rounding is a hundredth of a step and less). Norms stay
as they are. What that costs in perplexity is measured by `osler quantise` on the result (docs/quantising.md).
"""

import sys
import zlib
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, LlamaFileType

from osler.adapt.export.gguf_model import write_text
from osler.model.matrix import DenseMatrix, GroupedMatrix, Matrix
from osler.weights.gguf import GgufCheckpoint

SEED = 7


class OffGrid(GgufCheckpoint):
    """A GGUF model with noise of a step on each weight."""

    def matrix(self, name: str) -> Matrix:
        matrix = super().matrix(name)
        if not isinstance(matrix, GroupedMatrix):
            return matrix
        rows, columns = matrix.shape
        generator = np.random.default_rng([SEED, zlib.crc32(name.encode())])
        noise = generator.random((rows, columns // matrix.group, matrix.group), np.float32) - np.float32(0.5)
        values = matrix.dequantised() + (noise * np.abs(matrix.scale)[..., None]).reshape(rows, columns)
        return DenseMatrix(values=values, kind="f32")


def main(source: str, target: str) -> None:
    write_text(
        OffGrid(Path(source)),
        Path(target),
        kind_of=lambda name, shape: GGMLQuantizationType.F16,
        file_type=LlamaFileType.MOSTLY_F16,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
