import json
from dataclasses import asdict

import numpy as np
import pytest

from osler.errors import InputError
from osler.formats.nifti import open_nifti
from osler.tasks.study_options import StudyOptions
from osler.tasks.volume import plan_volume
from osler.testing.nifti import make_nifti
from osler.testing.volumes import affine_of, make_volume
from osler.values import ImagePart, TextPart

PLAIN = StudyOptions()
OPENING = (
    "You are an instructor teaching medical students. You are analyzing a contiguous block of CT slices. "
    "Please review the slices provided below carefully."
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "volume.nii"
    path.write_bytes(b"stands for the file of a volume in memory")
    return path


@pytest.fixture
def ct(file):
    def make(num_slices, **fields):
        """Slice n (from 1) is n HU throughout."""
        values = np.ones((num_slices, 4, 6), np.int32) * np.arange(1, num_slices + 1, dtype=np.int32)[:, None, None]
        return make_volume(values, **({"modality": "CT", "files": (file,), "label": "series 3"} | fields))

    return make


def numbers(view) -> list[int]:
    return [image.origin.number for image in view.images]


# -- what is said, and in which order


def test_each_slice_is_followed_by_its_number_and_opening_words_come_first(ct):
    plan = plan_volume([ct(3)], PLAIN, recipe="1.5")
    parts = plan.develop(None).parts
    assert [type(part) for part in parts] == [TextPart] + [ImagePart, TextPart] * 3
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    assert texts == [OPENING, "SLICE 1", "SLICE 2", "SLICE 3"]
    assert (plan.texts, plan.num_images, plan.kind, plan.label) == (tuple(texts), 3, "volume", "series 3")


def test_numbers_count_what_is_sent_not_what_there_is(ct):
    view = plan_volume([ct(10)], StudyOptions(slices=(4, 6)), recipe="1.5").develop(None)
    assert [part.text for part in view.parts[2::2]] == ["SLICE 1", "SLICE 2", "SLICE 3"]
    assert numbers(view) == [4, 5, 6]


def test_a_slice_alone_has_neither_number_nor_opening(ct):
    plan = plan_volume([ct(10)], StudyOptions(slices=(4, 4)), recipe="1.5")
    assert plan.texts == ()
    assert [type(part) for part in plan.develop(None).parts] == [ImagePart]


@pytest.mark.parametrize(
    ("modality", "words"), [("MR", "MRI slices"), ("PT", "PET slices"), ("", "slices of a medical imaging volume")]
)
def test_opening_words_name_the_modality(ct, modality, words):
    assert f"block of {words}." in plan_volume([ct(2, modality=modality)], PLAIN, recipe="1.5").texts[0]


def test_opening_words_can_be_replaced_or_left_out(ct):
    assert plan_volume([ct(2)], StudyOptions(instruction="Look."), recipe="1.5").texts[0] == "Look."
    assert plan_volume([ct(2)], StudyOptions(instruction=""), recipe="1.5").texts == ("SLICE 1", "SLICE 2")


# -- which slices


def test_long_volumes_are_sampled_by_the_official_formula(ct):
    plan = plan_volume([ct(300)], PLAIN, recipe="1.5")
    view = plan.develop(None)
    assert plan.num_images == len(view.images) == 85
    assert numbers(view)[:3] == [5, 8, 12] and numbers(view)[-1] == 300
    assert view.source.choices["sampling"] == "official"
    assert "85 of 300 slices chosen by the official formula" in view.source.notes


def test_or_evenly(ct):
    view = plan_volume([ct(300)], StudyOptions(sampling="equidistant", max_slices=4), recipe="1.5").develop(None)
    assert numbers(view) == [1, 101, 200, 300]


def test_only_what_is_sent_is_read(ct):
    volume = ct(300)
    plan = plan_volume([volume], StudyOptions(max_slices=5), recipe="1.5")
    assert volume.read_slice.read == []
    plan.develop(None)
    assert len(volume.read_slice.read) == 5


def test_several_volumes_are_one_stack_counted_through_and_sampled_evenly(ct):
    volumes = [ct(60, label="series 3"), ct(60, label="series 4")]
    plan = plan_volume(volumes, StudyOptions(max_slices=5), recipe="1.5")
    view = plan.develop(None)
    assert numbers(view) == [1, 31, 1, 30, 60]  # places 0, 30, 60, 89 and 119 of the stack
    assert plan.texts[1:] == tuple(f"SLICE {number}" for number in range(1, 6))
    assert view.source.choices["sampling"] == "equidistant"
    assert [one["slices"] for one in view.source.choices["volumes"]] == [[1, 31], [1, 30, 60]]
    assert (plan.label, view.source.num_available) == ("series 3 + series 4", 120)


def test_each_volume_of_a_stack_has_its_own_range(file):
    dark, bright = (make_volume(np.array([[[0, top]]], np.int32), files=(file,)) for top in (100, 1000))
    images = plan_volume([dark, bright], PLAIN, recipe="1.5").develop(None).images
    assert [image.origin.windows for image in images] == [((0.0, 100.0),), ((0.0, 1000.0),)]
    assert all(image.pixels[0, :, 0].tolist() == [0, 255] for image in images)


@pytest.mark.parametrize("slices", [(2, 11), (11, 12)])
def test_slices_that_there_are_not_are_refused_with_their_numbers(ct, slices):
    with pytest.raises(InputError, match="from 1 to 10"):
        plan_volume([ct(10)], StudyOptions(slices=slices), recipe="1.5")


def test_a_window_that_nothing_can_be_seen_through_is_refused_before_anything_is_read(ct):
    volume = ct(10)
    with pytest.raises(InputError, match="width"):
        plan_volume([volume], StudyOptions(window=(40, 0.5)), recipe="1.5")
    assert volume.read_slice.read == []


def test_fewer_slices_than_planned_are_spread_evenly_and_that_is_said(ct):
    view = plan_volume([ct(10)], PLAIN, recipe="1.5").develop(4)
    assert numbers(view) == [1, 4, 7, 10]
    assert [part.text for part in view.parts[2::2]] == ["SLICE 1", "SLICE 2", "SLICE 3", "SLICE 4"]
    assert view.source.num_sent == 4
    assert any("4 of 10 chosen slices" in note for note in view.source.notes)


def test_more_slices_than_there_are_change_nothing(ct):
    assert numbers(plan_volume([ct(3)], PLAIN, recipe="1.5").develop(99)) == [1, 2, 3]


# -- how they look


def test_ct_is_windowed_by_the_recipe(ct):
    pixels = plan_volume([ct(40)], PLAIN, recipe="1.5").develop(None).images[39].pixels
    assert pixels.shape == (4, 6, 3)
    assert pixels[0, 0].tolist() == [132, 128, 128]
    assert not pixels.flags.writeable


def test_a_plane_that_is_asked_for_has_the_body_s_proportions(ct):
    view = plan_volume([ct(3)], StudyOptions(plane="coronal"), recipe="1.5").develop(None)
    assert len(view.images) == 4
    assert view.images[0].pixels.shape == (9, 6, 3)  # 3 slices of 2.5 mm, pixels of 0.8 mm
    assert any("made square" in step for step in view.images[0].steps)
    assert any("cut across" in step for step in view.images[0].steps)
    assert view.source.reason == "coronal slices, as asked for"


def test_a_cut_slice_rests_on_all_files(ct, tmp_path):
    files = tuple(tmp_path / f"{number}.dcm" for number in range(3))
    for number, path in enumerate(files):
        path.write_bytes(bytes([number]))
    view = plan_volume([ct(3, files=files)], StudyOptions(plane="coronal"), recipe="1.5").develop(None)
    assert view.images[0].file is None
    assert [file.name for file in view.source.files] == ["0.dcm", "1.dcm", "2.dcm"]


# -- what is written down


def test_each_picture_tells_where_it_was_taken(ct):
    image = plan_volume([ct(10)], StudyOptions(slices=(4, 5)), recipe="1.5").develop(None).images[0]
    assert asdict(image.origin) == {
        "kind": "slice",
        "number": 4,
        "total": 10,
        "plane": "axial",
        "position_mm": 7.5,
        "region_px": None,
        "magnification": None,
        "windows": ((-1024, 1024), (-135, 215), (0, 80)),
    }
    assert image.file.name == "volume.nii"
    assert image.steps == (
        "axial slice: patient's right on the image's left, front up",
        "CT windows in HU: -1024 to 1024 red, -135 to 215 green, 0 to 80 blue",
    )


def test_only_files_of_slices_that_were_read_are_named(ct, tmp_path):
    files = tuple(tmp_path / f"{number}.dcm" for number in range(4))
    for path in files:
        path.write_bytes(path.name.encode())
    ct_view = plan_volume([ct(4, files=files)], StudyOptions(slices=(2, 3)), recipe="1.5").develop(None)
    assert [file.name for file in ct_view.source.files] == ["1.dcm", "2.dcm"]
    mr_view = plan_volume([ct(4, files=files, modality="MR")], StudyOptions(slices=(2, 3)), recipe="1.5").develop(None)
    assert sorted(file.name for file in mr_view.source.files) == ["0.dcm", "1.dcm", "2.dcm", "3.dcm"]


def test_choices_can_be_written_as_json(ct):
    source = plan_volume([ct(100)], PLAIN, recipe="1").develop(None).source
    assert json.loads(json.dumps(source.choices)) == source.choices
    assert source.choices["windows"][0] == [-1225, 1025]
    assert (source.kind, source.num_available, source.num_sent) == ("volume", 100, 85)


def test_a_volume_s_own_notes_are_kept(ct):
    assert "a gap" in plan_volume([ct(2, notes=("a gap",))], PLAIN, recipe="1.5").develop(None).source.notes


def test_slices_far_from_an_anatomical_plane_are_said_to_be(ct):
    angle = np.radians(25)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    volume = ct(2, affine_ras=turn @ affine_of("LPS"), acquired=False)
    view = plan_volume([volume], PLAIN, recipe="1.5").develop(None)
    assert "slices are tilted by 25° from axial" in view.source.notes


def test_a_nifti_file_goes_all_the_way(tmp_path):
    values = np.random.default_rng(0).integers(0, 500, (5, 6, 7)).astype(np.int16)
    volume = open_nifti(make_nifti(tmp_path / "brain.nii.gz", values, affine_of("RAS"), compressed=True))
    view = plan_volume([volume], PLAIN, recipe="1.5").develop(None)
    expected = np.round((values[0].astype(float) - values.min()) / (values.max() - values.min()) * 255)
    np.testing.assert_array_equal(view.images[0].pixels[:, :, 0], expected[::-1, ::-1])
    assert view.source.files[0].kind == "nifti"
    assert view.source.reason == "axial slices: it is coarsest along that axis"
