import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_rescale

from osler.errors import InputError
from osler.formats.dicom_header import read_header
from osler.formats.dicom_volume import open_dicom_volume, slices_of
from osler.testing.dicom import PATIENT
from osler.testing.dicom_series import make_enhanced, make_series, uid_of

STORED = np.random.default_rng(7).integers(0, 4096, (3, 6, 5), dtype=np.uint16)


def opened(paths, **options):
    slices = slices_of(map(read_header, paths))
    return open_dicom_volume(slices, affine_ras=np.eye(4), positions_mm=np.arange(len(slices)), **options)


def all_of(volume):
    return np.stack([volume.read_slice(index) for index in range(volume.shape[0])])


def test_ct_comes_in_hounsfield_units_slice_by_slice(tmp_path):
    paths = make_series(tmp_path, STORED, RescaleSlope=[1.5, 2, 1], RescaleIntercept=[-1000.5, -1024, 0])
    volume = opened(paths)
    expected = [np.round(apply_rescale(ds.pixel_array, ds)) for ds in map(pydicom.dcmread, paths)]
    assert (volume.modality, volume.unit, volume.shape) == ("CT", "HU", (3, 6, 5))
    assert volume.steps == ("rescaled to Hounsfield units",)
    values = all_of(volume)
    assert values.dtype == np.int32
    assert np.array_equal(values, expected)


def test_ct_without_a_rescale_is_taken_as_stored_and_says_so(tmp_path):
    volume = opened(make_series(tmp_path, STORED, RescaleSlope=None, RescaleIntercept=None), notes=("a gap",))
    assert np.array_equal(all_of(volume), STORED)
    assert volume.unit == ""
    assert volume.notes[0] == "a gap"
    assert "Rescale Slope" in volume.notes[1]


def test_ct_with_half_a_rescale_is_refused(tmp_path):
    paths = make_series(tmp_path, STORED, RescaleSlope=1, RescaleIntercept=None)
    with pytest.raises(InputError, match=r"\(0028,1052\) Rescale Intercept is missing"):
        opened(paths)


def test_mr_without_a_rescale_keeps_whole_numbers(tmp_path):
    volume = opened(make_series(tmp_path, STORED, modality="MR"))
    assert (all_of(volume).dtype, volume.unit, volume.steps, volume.notes) == (np.int32, "", (), ())
    assert np.array_equal(all_of(volume), STORED)


def test_pet_slices_of_different_slopes_become_comparable(tmp_path):
    paths = make_series(tmp_path, STORED, modality="PT", RescaleSlope=[0.5, 0.25, 2.5], RescaleIntercept=0)
    values = all_of(opened(paths))
    assert values.dtype == np.float32
    assert np.allclose(values, STORED * np.array([0.5, 0.25, 2.5])[:, None, None])
    assert opened(paths).steps == ("rescaled, each slice by its own slope and intercept",)


def test_a_rescale_that_changes_nothing_is_no_step(tmp_path):
    assert opened(make_series(tmp_path, STORED, modality="MR", RescaleSlope=1, RescaleIntercept=0)).steps == ()


def test_frames_of_one_file_are_slices_with_rescales_of_their_own(tmp_path):
    path = make_enhanced(
        tmp_path / "a", STORED, [(0, 0, z) for z in range(3)], modality="CT", rescales=[(1, -1024), (2, 0), (1, 5)]
    )
    volume = opened([path])
    assert volume.files == (path,)
    assert np.array_equal(
        all_of(volume), STORED * np.array([1, 2, 1])[:, None, None] + np.reshape([-1024, 0, 5], (3, 1, 1))
    )


def test_frames_know_their_places_and_what_they_share(tmp_path):
    path = make_enhanced(tmp_path / "a", STORED, [(1, 2, z) for z in range(3)], spacing_mm=(0.5, 0.25))
    slices = slices_of([read_header(path)])
    assert [one.frame for one in slices] == [0, 1, 2]
    assert [one.position_lps_mm for one in slices] == [(1, 2, 0), (1, 2, 1), (1, 2, 2)]
    assert {one.spacing_mm for one in slices} == {(0.5, 0.25)}
    assert {one.orientation_lps for one in slices} == {(1, 0, 0, 0, 1, 0)}


def test_nothing_is_read_before_a_slice_is_asked_for(tmp_path):
    paths = make_series(tmp_path, STORED)
    volume = opened(paths)
    paths[1].unlink()
    assert np.array_equal(volume.read_slice(2), STORED[2].astype(int) - 1024)
    with pytest.raises(InputError, match="there is no such file"):
        volume.read_slice(1)


def test_slices_are_read_only(tmp_path):
    assert not opened(make_series(tmp_path, STORED)).read_slice(0).flags.writeable


def test_slices_of_different_sizes_are_refused(tmp_path):
    paths = make_series(tmp_path, STORED) + make_series(tmp_path, STORED[:1, :4], series="other")
    with pytest.raises(InputError, match=r"5 × 4 pixels, expected 5 × 6"):
        opened(paths)


def test_a_file_that_changed_its_size_meanwhile_is_refused(tmp_path):
    paths = make_series(tmp_path, STORED)
    volume = opened(paths)
    make_series(tmp_path, STORED[:, :4])
    with pytest.raises(InputError, match=r"expected 5 × 6 grey pixels as in the other slices, got an array of 5 × 4"):
        volume.read_slice(0)


def test_low_values_that_are_bright_are_negated_but_not_in_ct(tmp_path):
    mr = opened(make_series(tmp_path / "mr", STORED, modality="MR", photometric="MONOCHROME1"))
    assert np.array_equal(all_of(mr), -STORED.astype(int))
    assert mr.steps == ("MONOCHROME1: low values are bright, negated",)
    ct = opened(make_series(tmp_path / "ct", STORED, photometric="MONOCHROME1"))
    assert np.array_equal(all_of(ct), STORED.astype(int) - 1024)


def test_values_that_are_no_numbers_are_refused(tmp_path):
    broken = make_series(tmp_path, STORED[:1], modality="PT")
    dataset = pydicom.dcmread(broken[0])
    del dataset.PixelData
    dataset.BitsAllocated = 32
    dataset.FloatPixelData = np.full((6, 5), np.nan, "<f4").tobytes()
    dataset.save_as(broken[0])
    with pytest.raises(InputError, match="not finite numbers"):
        opened(broken).read_slice(0)


def test_no_message_or_printed_form_names_the_patient(tmp_path):
    paths = make_series(tmp_path, STORED)
    volume = opened(paths)
    paths[0].write_bytes(paths[0].read_bytes()[:-40])
    with pytest.raises(InputError) as caught:
        volume.read_slice(0)
    shown = f"{caught.value}{slices_of([read_header(paths[1])])}{volume.notes}{volume.steps}"
    for secret in (*PATIENT.values(), uid_of("series"), uid_of("study")):
        assert secret not in shown
