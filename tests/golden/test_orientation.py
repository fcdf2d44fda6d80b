"""Planes of NIfTI files against nibabel's own way of turning them."""

import nibabel
import numpy as np
import pytest

from osler.formats.nifti import open_nifti
from osler.imaging.planes import in_plane
from osler.testing.nifti import make_nifti
from osler.testing.volumes import affine_of, all_orientations

VALUES = np.random.default_rng(0).integers(-1000, 1000, (4, 5, 6)).astype(np.int16)


def canonical_slices(path, plane: str) -> np.ndarray:
    """[slices, rows, columns] cut from nibabel's RAS+ array [right, front, head] as the plane is looked at."""
    values = np.asanyarray(nibabel.as_closest_canonical(nibabel.load(path)).dataobj)
    if plane == "axial":
        return values[::-1, ::-1, :].transpose(2, 1, 0)
    if plane == "coronal":
        return values[::-1, :, ::-1].transpose(1, 2, 0)
    return values[::-1, ::-1, ::-1].transpose(0, 2, 1)


@pytest.mark.parametrize("letters", all_orientations())
def test_planes_are_those_of_nibabel(tmp_path, letters):
    path = make_nifti(tmp_path / "volume.nii", VALUES, affine_of(letters))
    for plane in ("axial", "coronal", "sagittal"):
        shown = in_plane(open_nifti(path), plane)
        slices = np.stack([shown.read_slice(index) for index in range(shown.shape[0])])
        np.testing.assert_array_equal(slices, canonical_slices(path, plane))


@pytest.mark.parametrize("seed", range(8))
def test_oblique_volumes_are_turned_as_nibabel_does(tmp_path, seed):
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = rotation * (0.9, 1.1, 3.0)
    path = make_nifti(tmp_path / "volume.nii", VALUES, affine, forms="sform")
    shown = in_plane(open_nifti(path), "axial")
    slices = np.stack([shown.read_slice(index) for index in range(shown.shape[0])])
    np.testing.assert_array_equal(slices, canonical_slices(path, "axial"))
