"""Real DICOM series, as pydicom brings them, against nibabel's own reading of where slices lie and what they hold."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from nibabel.nicom.dicomwrappers import MultiframeWrapper, wrapper_from_file
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_rescale

from osler.formats.dicom_header import read_header
from osler.tasks.series import choose, group, open_series
from osler.tasks.study_options import StudyOptions
from osler.testing.dicom_series import AXIAL, CORONAL, SAGITTAL, make_enhanced, make_series

LPS_TO_RAS = np.diag([-1.0, -1, 1])
DISC = Path(pydicom.__file__).parent / "data" / "test_files" / "dicomdirtests"
OBLIQUE = (0.8, 0.6, 0.0, 0.0, 0.0, -1.0)
STORED = np.random.default_rng(11).integers(0, 4096, (5, 7, 6), dtype=np.uint16)


def volumes_of(paths):
    groups = group([read_header(path) for path in paths])
    return [series for one in groups for series in one.series if series.kind == "volume"]


def check_against_nibabel(volume):
    """nibabel's first axis is rows, ours columns; the affine of a file's slice begins at its first pixel."""
    wrappers = [wrapper_from_file(path) for path in volume.files]
    first = LPS_TO_RAS @ wrappers[0].affine[:3]
    assert np.allclose(volume.affine_ras[:3, 0], first[:, 1], atol=1e-5)
    assert np.allclose(volume.affine_ras[:3, 1], first[:, 0], atol=1e-5)
    assert np.allclose(volume.affine_ras[:3, 3], first[:, 3], atol=1e-4)
    last = LPS_TO_RAS @ wrappers[-1].affine[:3, 3]
    assert np.allclose(volume.affine_ras @ [0, 0, volume.shape[0] - 1, 1], [*last, 1], atol=1e-4)
    along = np.array([wrapper.slice_indicator for wrapper in wrappers])
    turned = np.sign(along[-1] - along[0])
    assert (np.diff(along * turned) > 0).all()
    assert np.allclose(volume.positions_mm, along * turned, atol=1e-4)


@pytest.mark.parametrize("orientation", [AXIAL, CORONAL, SAGITTAL, OBLIQUE])
@pytest.mark.parametrize("way", [1, -1])
def test_slices_lie_where_nibabel_puts_them(tmp_path, orientation, way):
    step = np.cross(orientation[:3], orientation[3:]) * 2.5 * way
    paths = make_series(tmp_path, STORED, orientation=orientation, step_mm=step, PixelSpacing=(0.75, 0.5))
    (series,) = volumes_of(paths)
    check_against_nibabel(open_series(series))


def test_a_real_ct_series_lies_where_nibabel_puts_it_and_holds_what_pydicom_reads():
    paths = sorted((DISC / "77654033" / "CT2").iterdir())
    (series,) = volumes_of(paths)
    volume = open_series(series)
    assert set(volume.files) == set(paths)
    check_against_nibabel(volume)
    for index, path in enumerate(volume.files):
        dataset = pydicom.dcmread(path)
        assert np.array_equal(volume.read_slice(index), np.round(apply_rescale(dataset.pixel_array, dataset)))
    assert series.notes == ("gap of 202.5 mm after slice 1 (usual step 1.25 mm): about 161 missing",)


@pytest.mark.parametrize("orientation", [AXIAL, CORONAL, SAGITTAL, OBLIQUE])
def test_frames_of_an_enhanced_file_lie_where_nibabel_puts_them(tmp_path, orientation):
    step = np.cross(orientation[:3], orientation[3:]) * -3
    order = (4, 3, 0, 2, 1)  # nibabel takes the first for the lowest and the second for the next one
    positions = [np.round(place * step + (1, 2, 3), 6).tolist() for place in order]
    path = make_enhanced(tmp_path / "a", STORED, positions, orientation=orientation, spacing_mm=(0.75, 0.5))
    check_frames(path)


def test_frames_of_a_real_enhanced_ct_lie_where_nibabel_puts_them():
    check_frames(Path(get_testdata_file("eCT_Supplemental.dcm")))


def check_frames(path):
    volume = open_series(volumes_of([path])[0])
    wrapper = MultiframeWrapper(pydicom.dcmread(path))
    theirs, place = wrapper.get_data(), LPS_TO_RAS @ wrapper.affine[:3]
    if place[:, 2] @ volume.affine_ras[:3, 2] < 0:  # the other way along the normal: begin at their last slice
        place[:, 3] += place[:, 2] * (theirs.shape[2] - 1)
        place[:, 2] *= -1
        theirs = theirs[..., ::-1]
    assert np.allclose(volume.affine_ras[:3], place[:, [1, 0, 2, 3]], atol=1e-4)
    assert volume.shape[0] == theirs.shape[2]
    for index in range(volume.shape[0]):
        assert np.allclose(volume.read_slice(index), theirs[..., index])


def test_an_enhanced_file_that_does_not_say_where_its_frames_lie_is_no_volume():
    (study,) = group([read_header(Path(get_testdata_file("emri_small.dcm")))])
    assert [(series.kind, series.num_images) for series in study.series] == [("films", 10)]


def test_a_real_patient_s_studies_are_told_apart_and_chosen_from():
    groups = group([read_header(path) for path in sorted((DISC / "98892003").rglob("*")) if path.is_file()])
    assert sum(len(series.headers) for study in groups for series in study.series) == 17
    for study in groups:
        assert all(one.reason for one in choose([study], StudyOptions()))
