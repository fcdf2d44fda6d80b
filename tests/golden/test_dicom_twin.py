"""A DICOM series and the NIfTI file that dcm2niix makes of it show the same slices at the same places."""

import shutil
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from osler.formats.dicom_header import read_header
from osler.formats.nifti import open_nifti
from osler.imaging.planes import in_plane
from osler.tasks.series import group, open_series
from osler.testing.dicom import make_dicom

ROWS, COLUMNS, SLICES, STEP_MM = 24, 20, 7, 4.0
SPACING_MM = (1.5, 1.5)


def turned(degrees: tuple[float, float, float]) -> np.ndarray:
    """A rotation about the three axes one after the other."""
    matrix = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        one, other = [number for number in range(3) if number != axis]
        turn = np.eye(3)
        turn[[one, one, other, other], [one, other, one, other]] = [
            np.cos(angle),
            -np.sin(angle),
            np.sin(angle),
            np.cos(angle),
        ]
        matrix = turn @ matrix
    return matrix


# Directions along a row and along a column, in LPS.
AXIAL = np.array([[1, 0, 0], [0, 1, 0]], float)
CORONAL = np.array([[1, 0, 0], [0, 0, -1]], float)
SAGITTAL = np.array([[0, 1, 0], [0, 0, -1]], float)
SERIES = {
    "axial": (AXIAL, "axial"),
    "coronal": (CORONAL, "coronal"),
    "sagittal": (SAGITTAL, "sagittal"),
    "oblique axial": (AXIAL @ turned((12, -9, 20)).T, "axial"),
    "oblique sagittal": (SAGITTAL @ turned((-8, 5, 14)).T, "sagittal"),
    "prone": (-AXIAL, "axial"),
}


def body(orientation: np.ndarray, index: int) -> tuple[np.ndarray, np.ndarray]:
    """A slice's position in LPS and its [Y, X] values, all different."""
    position = np.array([-31.0, 17.0, -44.0]) + np.cross(*orientation) * STEP_MM * index
    values = np.random.default_rng(index).integers(0, 1000, (ROWS, COLUMNS))
    return position, values.astype(np.int16)


def write_series(folder: Path, orientation: np.ndarray, modality: str) -> Path:
    """Slices in files whose names and numbers say nothing of their order."""
    folder.mkdir()
    series, study, frame = generate_uid(), generate_uid(), generate_uid()
    for number, index in enumerate(np.random.default_rng(0).permutation(SLICES)):
        position, values = body(orientation, int(index))
        make_dicom(
            folder / f"{number}.dcm",
            values,
            modality=modality,
            StudyInstanceUID=study,
            SeriesInstanceUID=series,
            FrameOfReferenceUID=frame,
            SeriesNumber=4,
            InstanceNumber=number + 1,
            AcquisitionNumber=1,
            ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
            ImagePositionPatient=[float(f"{place:.6f}") for place in position],
            ImageOrientationPatient=[float(f"{part:.8f}") for part in orientation.ravel()],
            PixelSpacing=list(SPACING_MM),
            SliceThickness=STEP_MM,
            SpacingBetweenSlices=STEP_MM,
            RescaleSlope=1,
            RescaleIntercept=-1024 if modality == "CT" else 0,
            Manufacturer="ACME",
        )
    return folder


def twin(folder: Path) -> Path:
    """The NIfTI file that dcm2niix makes."""
    program = shutil.which("dcm2niix", path=sysconfig.get_path("scripts")) or shutil.which("dcm2niix")
    if program is None:
        pytest.skip("dcm2niix is not installed")
    out = folder.with_name("nifti")
    out.mkdir()
    subprocess.run([program, "-z", "n", "-f", "twin", "-o", str(out), str(folder)], check=True, capture_output=True)
    return out / "twin.nii"


def displayed(folder: Path, orientation: np.ndarray, plane: str) -> list[tuple[float, np.ndarray]]:
    """(place along the plane's normal, picture the right way up) of each slice, straight from pydicom."""
    axis = {"sagittal": 0, "coronal": 1, "axial": 2}[plane]
    normal = np.cross(*orientation)
    normal *= np.sign(normal[axis]) * (-1 if plane == "coronal" else 1)  # LPS: towards left, front (not back), head
    pictures = []
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        values = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        if orientation[0].sum() < 0:  # prone: both directions the other way round
            values = values[::-1, ::-1]
        pictures.append((float(normal @ np.array(dataset.ImagePositionPatient, float)), values))
    return sorted(pictures, key=lambda pair: pair[0])


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("name", SERIES)
def test_the_nifti_twin_shows_the_slices_of_the_dicom_series(tmp_path, name, modality):
    orientation, plane = SERIES[name]
    folder = write_series(tmp_path / "dicom", orientation, modality)
    expected = displayed(folder, orientation, plane)
    volume = open_nifti(twin(folder))
    shown = in_plane(volume)
    assert volume.modality == modality  # from the file that dcm2niix writes beside it
    assert shown.shape == (SLICES, ROWS, COLUMNS)
    for index, (place, picture) in enumerate(expected):
        np.testing.assert_array_equal(shown.read_slice(index), picture)
        assert shown.positions_mm[index] == pytest.approx(place, abs=1e-3)


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("name", SERIES)
def test_both_readers_show_the_same_in_every_plane(tmp_path, name, plane):
    folder = write_series(tmp_path / "dicom", SERIES[name][0], "CT")
    (study,) = group([read_header(path) for path in folder.iterdir()])
    first, second = in_plane(open_series(study.series[0]), plane), in_plane(open_nifti(twin(folder)), plane)
    assert first.shape == second.shape
    np.testing.assert_allclose(first.affine_ras, second.affine_ras, atol=1e-3)
    np.testing.assert_allclose(first.positions_mm, second.positions_mm, atol=1e-3)
    for index in range(first.shape[0]):
        np.testing.assert_array_equal(first.read_slice(index), second.read_slice(index))
