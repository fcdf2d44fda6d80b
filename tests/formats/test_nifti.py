import gzip
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.errors import InputError, OslerError
from osler.formats.nifti import open_nifti
from osler.testing.nifti import make_nifti
from osler.testing.volumes import affine_of

RNG = np.random.default_rng(0)
VALUES = RNG.integers(-1000, 1000, (4, 5, 6)).astype(np.int16)
LPS = affine_of("LPS")
REAL = Path(nibabel.__file__).parent / "tests" / "data"


def read(volume) -> np.ndarray:
    return np.stack([volume.read_slice(index) for index in range(volume.shape[0])])


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("compressed", [False, True])
def test_both_versions_are_read_packed_or_not(tmp_path, version, compressed):
    volume = open_nifti(make_nifti(tmp_path / "brain", VALUES, LPS, version=version, compressed=compressed))
    np.testing.assert_array_equal(read(volume), VALUES)
    assert (volume.shape, volume.modality, volume.label, volume.file_kind) == ((4, 5, 6), "", "brain", "nifti")
    assert volume.steps == ("read NIfTI: 6 × 5 × 4 values, int16",)


def test_slices_of_a_file_that_runs_downwards_come_from_below(tmp_path):
    volume = open_nifti(make_nifti(tmp_path / "a.nii", VALUES, affine_of("LPI")))
    np.testing.assert_array_equal(read(volume), VALUES[::-1])
    np.testing.assert_allclose(volume.affine_ras[:3, 2], (0, 0, 2.5))
    assert volume.affine_ras[2, 3] == pytest.approx(-60 - 3 * 2.5)


@pytest.mark.parametrize("kind", ["u1", "i1", "i2", "u2", "i4", ">i2"])
def test_whole_numbers_stay_whole(tmp_path, kind):
    values = RNG.integers(0, 100, (2, 3, 4)).astype(kind)
    read_back = read(open_nifti(make_nifti(tmp_path / "a.nii", values, LPS)))
    assert read_back.dtype == np.int32
    np.testing.assert_array_equal(read_back, values)


@pytest.mark.parametrize("kind", ["f4", "f8", "u4", "i8", "u8"])
def test_numbers_that_int32_may_not_hold_become_real(tmp_path, kind):
    values = RNG.integers(0, 100, (2, 3, 4)).astype(kind)
    read_back = read(open_nifti(make_nifti(tmp_path / "a.nii", values, LPS)))
    assert read_back.dtype == np.float32
    np.testing.assert_array_equal(read_back, values)


def test_a_whole_scaling_gives_whole_numbers(tmp_path):
    volume = open_nifti(make_nifti(tmp_path / "ct.nii", VALUES, LPS, scaling=(1.0, -1024.0)))
    assert volume.read_slice(0).dtype == np.int32
    np.testing.assert_array_equal(read(volume), VALUES - 1024)
    assert volume.steps[1] == "× 1 + -1024"


def test_any_scaling_is_that_of_nibabel(tmp_path):
    path = make_nifti(tmp_path / "a.nii", VALUES, LPS, scaling=(0.3, 7.25))
    np.testing.assert_allclose(read(open_nifti(path)), nibabel.load(path).get_fdata().T, rtol=1e-6)


def test_of_several_volumes_the_first_is_taken_and_said_so(tmp_path):
    several = np.stack([VALUES, VALUES + 1, VALUES + 2])
    for compressed in (False, True):
        volume = open_nifti(make_nifti(tmp_path / "fmri", several, LPS, compressed=compressed))
        np.testing.assert_array_equal(read(volume), VALUES)
        assert volume.notes == ("the file holds 3 volumes: the first is taken",)


def test_a_flat_picture_is_one_slice_as_acquired(tmp_path):
    volume = open_nifti(make_nifti(tmp_path / "flat.nii", VALUES[:1], affine_of("PIR")))
    assert (volume.shape, volume.acquired) == ((1, 5, 6), True)


def test_colours_become_brightness(tmp_path):
    colours = np.zeros((1, 1, 3), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    colours["R"][0, 0, 0] = colours["G"][0, 0, 1] = colours["B"][0, 0, 2] = 255
    volume = open_nifti(make_nifti(tmp_path / "fa.nii", colours, LPS))
    assert volume.read_slice(0).tolist() == [[76, 150, 29]]
    assert "colours turned into brightness" in volume.steps


def test_complex_numbers_are_refused(tmp_path):
    with pytest.raises(InputError, match="complex"):
        open_nifti(make_nifti(tmp_path / "k.nii", VALUES.astype(np.complex64), LPS))


def test_the_slice_axis_that_a_header_tells_is_believed(tmp_path):
    assert open_nifti(make_nifti(tmp_path / "a.nii", VALUES, LPS, slices_told=True)).acquired
    assert not open_nifti(make_nifti(tmp_path / "b.nii", VALUES, LPS)).acquired


# -- where it lies


@pytest.mark.parametrize("forms", ["both", "sform", "qform"])
def test_either_form_tells_where_it_lies(tmp_path, forms):
    volume = open_nifti(make_nifti(tmp_path / "a.nii", VALUES, LPS, forms=forms))
    np.testing.assert_allclose(volume.affine_ras, LPS, atol=1e-5)
    assert volume.notes == ()


def test_without_a_form_it_is_said_that_sides_are_assumed(tmp_path):
    path = make_nifti(tmp_path / "a.nii", VALUES, LPS, forms="none")
    volume = open_nifti(path)
    np.testing.assert_allclose(volume.affine_ras, nibabel.load(path).affine)
    assert "left and right are assumed" in volume.notes[0]


def test_a_flat_sform_gives_way_to_the_qform(tmp_path):
    path = make_nifti(tmp_path / "a.nii", VALUES, LPS)
    damaged = bytearray(path.read_bytes())
    damaged[280:328] = bytes(48)  # srow_x, srow_y, srow_z
    path.write_bytes(damaged)
    volume = open_nifti(path)
    np.testing.assert_allclose(volume.affine_ras, LPS, atol=1e-5)
    assert volume.notes == ("its sform cannot be: its qform is used",)


# -- what lies beside it


def test_a_header_finds_its_values_beside_it(tmp_path):
    nibabel.save(nibabel.Nifti1Pair(VALUES.T, LPS), tmp_path / "pair.hdr")
    volume = open_nifti(tmp_path / "pair.hdr")
    np.testing.assert_array_equal(read(volume), VALUES)
    assert volume.other_files == (tmp_path / "pair.img",)


def test_a_header_without_its_values_is_refused_by_their_name():
    with pytest.raises(InputError, match=r"nifti1\.img"):
        open_nifti(REAL / "nifti1.hdr")


@pytest.mark.parametrize(("said", "modality"), [("CT", "CT"), ("MR", "MR"), ("Quixote", ""), (7, ""), (["CT"], "")])
def test_the_modality_is_what_a_json_file_beside_it_says(tmp_path, said, modality):
    (tmp_path / "brain.json").write_text(json.dumps({"Modality": said, "PatientName": "Quixote"}))
    volume = open_nifti(make_nifti(tmp_path / "brain.nii.gz", VALUES, LPS, compressed=True))
    assert volume.modality == modality
    assert volume.unit == ("HU" if modality == "CT" else "")
    assert "Quixote" not in " ".join(volume.notes)


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "", "[]"])
def test_json_that_is_damaged_says_nothing(tmp_path, text):
    (tmp_path / "brain.json").write_text(text)
    assert open_nifti(make_nifti(tmp_path / "brain.nii", VALUES, LPS)).modality == ""


# -- files of others


@pytest.mark.parametrize(
    "name", ["anatomical.nii", "functional.nii", "standard.nii.gz", "example4d.nii.gz", "example_nifti2.nii.gz"]
)
def test_nibabel_s_own_files_are_read_as_nibabel_reads_them(name):
    volume = open_nifti(REAL / name)
    theirs = nibabel.load(REAL / name)
    values = np.asanyarray(theirs.dataobj)
    first = values.reshape(*values.shape[:3], -1)[..., 0].T
    flipped = not np.allclose(volume.affine_ras, theirs.affine)
    np.testing.assert_allclose(read(volume), first[::-1] if flipped else first, rtol=1e-6)
    np.testing.assert_allclose(np.abs(volume.affine_ras[:3, :3]), np.abs(theirs.affine[:3, :3]), atol=1e-5)


# -- hostile files


def changed(path: Path, offset: int, data: bytes) -> Path:
    content = bytearray(path.read_bytes())
    content[offset : offset + len(data)] = data
    path.write_bytes(content)
    return path


HUGE = np.array([3, 32767, 32767, 32767, 1, 1, 1, 1], "<i2").tobytes()


def test_a_header_of_a_huge_volume_is_refused_unread(tmp_path):
    with pytest.raises(InputError, match=r"cut off|at most"):
        open_nifti(changed(make_nifti(tmp_path / "a.nii", VALUES, LPS), 40, HUGE))


def test_a_packed_header_of_a_huge_volume_is_refused_unread(tmp_path):
    path = changed(make_nifti(tmp_path / "a.nii", VALUES, LPS), 40, HUGE)
    path.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(InputError, match="at most"):
        open_nifti(path)


def test_packed_values_that_were_damaged_are_told_by_their_checksum(tmp_path):
    path = make_nifti(tmp_path / "a.nii.gz", VALUES, LPS, compressed=True)
    volume = open_nifti(changed(path, path.stat().st_size - 8, b"\0\0\0\0"))
    with pytest.raises(InputError, match="damaged"):
        volume.read_slice(0)


def test_a_slice_that_there_is_not_is_an_index_error(tmp_path):
    volume = open_nifti(make_nifti(tmp_path / "a.nii", VALUES, LPS))
    for index in (-1, 4):
        with pytest.raises(IndexError):
            volume.read_slice(index)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.integers(0, 347), st.integers(0, 255), min_size=1, max_size=12), st.booleans())
def test_any_header_gives_a_volume_or_one_error(tmp_path_factory, changes, compressed):
    path = tmp_path_factory.getbasetemp() / "fuzzed.nii"
    content = bytearray(make_nifti(path, VALUES, LPS).read_bytes())
    for offset, value in changes.items():
        content[offset] = value
    path.write_bytes(gzip.compress(content, 1) if compressed else content)
    try:
        volume = open_nifti(path)
        volume.read_slice(volume.shape[0] - 1)
    except OslerError as error:
        assert "fuzzed.nii" in str(error)
