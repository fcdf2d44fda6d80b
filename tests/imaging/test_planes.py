from pathlib import Path

import numpy as np
import pytest

from osler.errors import InputError
from osler.imaging import planes
from osler.imaging.planes import in_plane, plane_of, tilt_degrees
from osler.testing.volumes import affine_of, all_orientations, make_volume

SHAPE = (5, 6, 7)
VALUES = np.arange(210, dtype=np.int32).reshape(SHAPE)


def read(volume) -> np.ndarray:
    """[Z, Y, X]."""
    return np.stack([volume.read_slice(index) for index in range(volume.shape[0])])


def places(volume) -> np.ndarray:
    """[Z, Y, X, 3] each value's place in RAS."""
    z, y, x = np.indices(volume.shape)
    return np.stack([x, y, z, np.ones_like(x)], axis=-1) @ volume.affine_ras[:3].T


def tilted(letters: str, degrees: float) -> np.ndarray:
    """Turned about the axis from left to right."""
    angle = np.radians(degrees)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return turn @ affine_of(letters)


# -- which way up

AXIAL, CORONAL, SAGITTAL = ("axial", "coronal", "sagittal")
DIRECTIONS = {  # RAS axis and sign of slices, rows (downwards) and columns (rightwards)
    AXIAL: ((2, 1), (1, -1), (0, -1)),
    CORONAL: ((1, 1), (2, -1), (0, -1)),
    SAGITTAL: ((0, -1), (2, -1), (1, -1)),
}


@pytest.mark.parametrize("plane", DIRECTIONS)
@pytest.mark.parametrize("letters", all_orientations())
def test_each_plane_is_shown_as_radiologists_do(letters, plane):
    shown = places(in_plane(make_volume(VALUES, affine_of(letters)), plane))
    for axis, (ras, sign) in enumerate(DIRECTIONS[plane]):
        assert (np.diff(shown[..., ras], axis=axis) * sign > 0).all()


@pytest.mark.parametrize("plane", DIRECTIONS)
@pytest.mark.parametrize("letters", ["RAS", "LPS", "PIL", "SAR", "ILA"])
def test_every_value_stays_at_its_place(letters, plane):
    volume = make_volume(VALUES, affine_of(letters))
    shown = in_plane(volume, plane)
    before = {value: tuple(place) for value, place in zip(VALUES.ravel(), places(volume).reshape(-1, 3), strict=True)}
    for value, place in zip(read(shown).ravel(), places(shown).reshape(-1, 3), strict=True):
        np.testing.assert_allclose(place, before[value], atol=1e-9)


def test_a_scanner_s_axial_volume_is_shown_as_it_is():
    volume = make_volume(VALUES, affine_of("LPS"))
    assert in_plane(volume) is volume


@pytest.mark.parametrize("degrees", [20, 40])
def test_tilted_slices_count_as_the_nearest_plane(degrees):
    volume = make_volume(VALUES, tilted("LPS", degrees))
    assert plane_of(volume) == "axial"
    assert tilt_degrees(volume) == pytest.approx(degrees)
    np.testing.assert_array_equal(read(in_plane(volume)), VALUES)


def test_slices_tilted_by_more_than_half_a_right_angle_count_as_the_other_plane():
    assert plane_of(make_volume(VALUES, tilted("LPS", 50))) == "coronal"


# -- which plane


@pytest.mark.parametrize(("letters", "plane"), [("LPS", AXIAL), ("LSA", CORONAL), ("PIR", SAGITTAL)])
def test_the_plane_of_acquisition_is_kept_however_fine_the_slices(letters, plane):
    volume = make_volume(VALUES, affine_of(letters, (1.0, 1.0, 0.5)))
    assert plane_of(volume) == plane


def test_a_file_that_does_not_say_is_shown_along_its_coarsest_axis():
    volume = make_volume(VALUES, affine_of("RAS", (3.0, 1.0, 1.0)), acquired=False)
    assert plane_of(volume) == "sagittal"
    assert in_plane(volume).shape == (7, 5, 6)


def test_a_file_that_does_not_say_and_is_about_isotropic_is_shown_in_axial_slices():
    assert plane_of(make_volume(VALUES, affine_of("PIR", (1.0, 1.0, 1.05)), acquired=False)) == "axial"


# -- places and files


def test_places_along_the_normal_ascend_and_are_those_of_the_slices():
    volume = make_volume(VALUES, affine_of("RAI"), positions_mm=np.array([0.0, 2.5, 5.0, 8.0, 10.0]))
    shown = in_plane(volume, "axial")
    assert shown.positions_mm.tolist() == [-10.0, -8.0, -5.0, -2.5, 0.0]


def test_places_of_cut_slices_follow_from_the_affine():
    shown = in_plane(make_volume(VALUES, affine_of("LPS")), "coronal")
    np.testing.assert_allclose(shown.positions_mm, places(shown)[:, 0, 0, 1])


def test_sagittal_places_rise_towards_the_patient_s_left():
    shown = in_plane(make_volume(VALUES, affine_of("LPS")), "sagittal")
    np.testing.assert_allclose(shown.positions_mm, -places(shown)[:, 0, 0, 0])


def test_each_slice_keeps_its_file_when_the_order_is_turned_round():
    files = tuple(Path(f"{number}.dcm") for number in range(5))
    shown = in_plane(make_volume(VALUES, affine_of("LPI"), files=files), "axial")
    assert shown.files == files[::-1]


def test_slices_cut_across_those_of_the_files_have_no_file_of_their_own():
    files = tuple(Path(f"{number}.dcm") for number in range(5))
    shown = in_plane(make_volume(VALUES, affine_of("LPS"), files=files), "coronal")
    assert (shown.files, shown.other_files) == ((), files)


# -- reading


def test_slices_that_lie_as_in_the_file_are_read_one_by_one():
    volume = make_volume(VALUES, affine_of("RAI"))
    in_plane(volume, "axial").read_slice(1)
    assert volume.read_slice.read == [3]


def test_cut_slices_read_the_volume_once():
    volume = make_volume(VALUES, affine_of("LPS"))
    shown = in_plane(volume, "coronal")
    assert volume.read_slice.read == []
    read(shown)
    assert sorted(set(volume.read_slice.read)) == [0, 1, 2, 3, 4]
    assert len(volume.read_slice.read) <= 6


@pytest.mark.parametrize("values", [VALUES, VALUES * 1000, VALUES.astype(np.float32) / 7])
def test_cut_slices_have_the_same_numbers_and_type_and_are_read_only(values):
    shown = in_plane(make_volume(values, affine_of("LPS")), "coronal")
    picture = shown.read_slice(0)  # the last row of each slice lies farthest back; the head is up
    np.testing.assert_array_equal(picture, values[::-1, -1, :])
    assert picture.dtype == values.dtype
    assert not picture.flags.writeable


def test_a_volume_too_large_to_be_cut_is_refused(monkeypatch):
    monkeypatch.setattr(planes, "MAX_CUBE_BYTES", 419)
    shown = in_plane(make_volume(VALUES, affine_of("LPS")), "coronal")
    with pytest.raises(InputError, match="5 × 6 × 7"):
        shown.read_slice(0)
