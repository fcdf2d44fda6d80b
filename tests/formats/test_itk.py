import sys

import numpy as np
import pytest

from osler.errors import InputError, MissingExtraError, OslerError
from osler.formats.itk import open_itk
from osler.testing.itk import make_metaimage, make_nrrd
from osler.testing.volumes import affine_of

RNG = np.random.default_rng(0)
VALUES = RNG.integers(-1000, 1000, (4, 5, 6)).astype(np.int16)
LPS = affine_of("LPS")
MAKERS = {"nrrd": make_nrrd, "metaimage": make_metaimage}


def read(volume) -> np.ndarray:
    return np.stack([volume.read_slice(index) for index in range(volume.shape[0])])


@pytest.fixture(params=MAKERS)
def make(request):
    return MAKERS[request.param]


@pytest.fixture(autouse=True)
def itk():
    return pytest.importorskip("SimpleITK")


@pytest.mark.parametrize("compressed", [False, True])
def test_values_and_places_are_read(tmp_path, make, compressed):
    volume = open_itk(make(tmp_path / "liver", VALUES, LPS, compressed=compressed))
    np.testing.assert_array_equal(read(volume), VALUES)
    np.testing.assert_allclose(volume.affine_ras, LPS, atol=1e-9)
    assert (volume.modality, volume.acquired, volume.notes) == ("", False, ())
    assert volume.file_kind in ("nrrd", "metaimage")


@pytest.mark.parametrize("letters", ["RAS", "PIR", "LPI", "SAL"])
def test_any_orientation_is_read_in_ascending_order(tmp_path, make, letters):
    affine = affine_of(letters)
    volume = open_itk(make(tmp_path / "liver.mha", VALUES, affine))
    reverse = not np.allclose(volume.affine_ras, affine)
    np.testing.assert_array_equal(read(volume), VALUES[::-1] if reverse else VALUES)
    corner = affine @ (0, 0, 3 if reverse else 0, 1)
    np.testing.assert_allclose(volume.affine_ras[:, 3], corner, atol=1e-9)


def test_real_numbers_stay_real(tmp_path, make):
    values = VALUES.astype(np.float32) / 7
    volume = open_itk(make(tmp_path / "liver.nrrd", values, LPS))
    assert volume.read_slice(0).dtype == np.float32
    np.testing.assert_array_equal(read(volume), values)


@pytest.mark.parametrize("compressed", [False, True])
def test_values_in_a_file_of_their_own_are_found(tmp_path, make, compressed):
    volume = open_itk(make(tmp_path / "liver.mhd", VALUES, LPS, beside="liver.raw", compressed=compressed))
    np.testing.assert_array_equal(read(volume), VALUES)
    assert volume.other_files == (tmp_path / "liver.raw",)


@pytest.mark.parametrize("beside", ["../secret.raw", "/etc/passwd", "sub/liver.raw"])
def test_a_header_leads_to_no_other_folder(tmp_path, make, beside):
    path = make(tmp_path / "liver.mhd", VALUES, LPS, beside="XXXX.raw")
    path.write_bytes(path.read_bytes().replace(b"XXXX.raw", beside.encode()))
    with pytest.raises(InputError, match="another folder"):
        open_itk(path)


@pytest.mark.parametrize("beside", ["LIST", "slice%03d.raw 1 4 1"])
def test_values_in_several_files_are_refused(tmp_path, make, beside):
    path = make(tmp_path / "liver.mhd", VALUES, LPS, beside="XXXX.raw")
    path.write_bytes(path.read_bytes().replace(b"XXXX.raw", beside.encode()))
    with pytest.raises(InputError, match="several files"):
        open_itk(path)


def test_missing_values_are_named(tmp_path, make):
    path = make(tmp_path / "liver.mhd", VALUES, LPS, beside="liver.raw")
    (tmp_path / "liver.raw").unlink()
    with pytest.raises(InputError, match=r"liver\.raw"):
        open_itk(path)


def test_without_an_orientation_it_is_said_that_sides_are_assumed(tmp_path, make):
    volume = open_itk(make(tmp_path / "liver.mha", VALUES, None))
    assert "left and right are assumed" in volume.notes[0]


@pytest.mark.parametrize(("said", "modality"), [("MET_MOD_CT", "CT"), ("MET_MOD_MR", "MR"), ("MET_MOD_US", "")])
def test_metaimage_may_say_its_modality(tmp_path, said, modality):
    volume = open_itk(make_metaimage(tmp_path / "liver.mha", VALUES, LPS, modality=said))
    assert (volume.modality, volume.unit) == (modality, "HU" if modality == "CT" else "")


def test_a_huge_volume_is_refused_from_its_text(tmp_path, make):
    path = make(tmp_path / "liver.mha", VALUES, LPS)
    path.write_bytes(path.read_bytes().replace(b"6 5 4", b"65535 65535 65535"))
    with pytest.raises(InputError, match="at most"):
        open_itk(path)


def test_packed_values_that_were_damaged_are_told_by_their_checksum(tmp_path, make):
    path = make(tmp_path / "liver.mha", VALUES, LPS, compressed=True)
    content = bytearray(path.read_bytes())
    content[-40:-30] = bytes(10)
    path.write_bytes(content)
    volume = open_itk(path)
    with pytest.raises(InputError, match="damaged"):
        volume.read_slice(0)


def test_files_written_by_itk_are_read(tmp_path, itk):
    image = itk.GetImageFromArray(np.stack([VALUES, VALUES + 1]), isVector=False)
    for name in ("four.nrrd", "four.mha"):
        itk.WriteImage(image, str(tmp_path / name), useCompression=True)
        volume = open_itk(tmp_path / name)
        np.testing.assert_array_equal(read(volume), VALUES)
        assert "the file holds 2 volumes: the first is taken" in volume.notes


def test_colours_become_brightness(tmp_path, itk):
    colours = np.zeros((2, 1, 3, 3), np.uint8)
    colours[0, 0] = np.eye(3) * 255
    itk.WriteImage(itk.GetImageFromArray(colours, isVector=True), str(tmp_path / "fa.nrrd"))
    assert open_itk(tmp_path / "fa.nrrd").read_slice(0).tolist() == [[76, 150, 29]]


def test_of_several_values_at_a_place_the_first_is_taken(tmp_path, itk):
    values = RNG.standard_normal((3, 4, 5, 6)).astype(np.float32)
    itk.WriteImage(itk.GetImageFromArray(values, isVector=True), str(tmp_path / "field.mha"))
    volume = open_itk(tmp_path / "field.mha")
    np.testing.assert_array_equal(read(volume), values[..., 0])
    assert "the file holds 6 values at each place: the first is taken" in volume.notes


def test_a_flat_picture_is_one_slice(tmp_path, itk):
    itk.WriteImage(itk.GetImageFromArray(VALUES[0]), str(tmp_path / "flat.mha"))
    volume = open_itk(tmp_path / "flat.mha")
    np.testing.assert_array_equal(read(volume), VALUES[:1])
    assert volume.acquired


def test_without_simpleitk_the_extra_is_named(tmp_path, make, monkeypatch):
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    with pytest.raises(MissingExtraError, match=r"osler\[itk\]"):
        open_itk(make(tmp_path / "liver.mha", VALUES, LPS))


@pytest.mark.parametrize("seed", range(60))
def test_damaged_texts_give_a_volume_or_one_error(tmp_path, make, seed):
    rng = np.random.default_rng(seed)
    path = make(tmp_path / "liver.mha", VALUES, LPS)
    content = bytearray(path.read_bytes())
    for place in rng.integers(0, len(content) - VALUES.nbytes, 3):
        content[place] = int(rng.integers(32, 127))
    path.write_bytes(content)
    try:
        volume = open_itk(path)
        volume.read_slice(0)
    except OslerError as error:
        assert "liver.mha" in str(error)
