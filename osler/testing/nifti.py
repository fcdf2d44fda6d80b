"""Synthetic NIfTI files, written by nibabel."""

import gzip
from pathlib import Path
from typing import Literal

import nibabel
import numpy as np

__all__ = ["make_nifti"]

Forms = Literal["both", "sform", "qform", "none"]


def make_nifti(
    path: Path,
    values: np.ndarray,
    affine_ras: np.ndarray,
    *,
    version: int = 1,
    compressed: bool = False,
    scaling: tuple[float, float] | None = None,
    forms: Forms = "both",
    slices_told: bool = False,
) -> Path:
    """Write a NIfTI file of one or several volumes.

    Args:
        path: where to write it, whatever its name.
        values: [Z, Y, X] or [T, Z, Y, X] of any type that NIfTI has.
        affine_ras: [4, 4] from (column, row, slice, 1) to millimetres.
        version: 1 or 2.
        compressed: with gzip.
        scaling: slope and intercept in the header; values are written as they are.
        forms: which of the header's two affines are filled in.
        slices_told: whether the header says that slices were acquired along the last axis.
    """
    kind = nibabel.nifti1.Nifti1Image if version == 1 else nibabel.nifti2.Nifti2Image
    image = kind(np.ascontiguousarray(values).T, None, dtype=values.dtype)
    image.header.set_sform(affine_ras if forms in ("both", "sform") else None, code=int(forms in ("both", "sform")))
    image.header.set_qform(affine_ras if forms in ("both", "qform") else None, code=int(forms in ("both", "qform")))
    if scaling is not None:
        image.header.set_slope_inter(*scaling)
    if slices_told:
        image.header.set_dim_info(freq=0, phase=1, slice=2)
    data = image.to_bytes()
    path.write_bytes(gzip.compress(data, compresslevel=1) if compressed else data)
    return path
