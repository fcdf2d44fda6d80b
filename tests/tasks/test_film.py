from dataclasses import replace

import numpy as np
import pytest

from osler.errors import InputError
from osler.formats.dicom_header import read_header
from osler.tasks.film import plan_film
from osler.tasks.images import open_image
from osler.tasks.study_options import StudyOptions
from osler.testing.dicom import PATIENT, make_dicom

FILM = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)
CINE = np.stack([np.full((6, 8), level, np.uint8) for level in range(20)])
OPTIONS = StudyOptions()


@pytest.fixture
def film(tmp_path):
    return read_header(make_dicom(tmp_path / "film.dcm", FILM, ViewPosition="PA", SeriesNumber=3))


@pytest.fixture
def cine(tmp_path):
    return read_header(make_dicom(tmp_path / "cine.dcm", CINE, modality="US", frames=20, bits=8))


def levels(view) -> list[int]:
    """The one grey level of each frame."""
    return [int(image.pixels[0, 0, 0]) for image in view.images]


def test_a_film_is_one_picture_as_if_it_were_opened_alone(film):
    plan = plan_film([film], OPTIONS)
    assert (plan.kind, plan.label, plan.num_images, plan.texts) == ("film", "film.dcm", 1, ())
    view = plan.develop(None)
    alone = open_image(film.path)
    assert np.array_equal(view.images[0].pixels, alone.pixels)
    assert view.images[0].steps == alone.steps
    assert view.images[0].origin is None


@pytest.mark.parametrize("modality", ["CR", "DX", "MG", "CT", "MR", "US", "XA", "NM", "PT", "XC", "OP", "SM", "OT"])
@pytest.mark.parametrize("kind", ["grey", "inverted", "colour"])
def test_every_kind_of_image_gives_a_picture(tmp_path, modality, kind):
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    if kind != "colour":
        pixels = pixels[:, :, 0].astype(np.uint16) * 16
    photometric = {"grey": "MONOCHROME2", "inverted": "MONOCHROME1", "colour": "RGB"}[kind]
    path = make_dicom(tmp_path / "a", pixels, modality=modality, photometric=photometric)
    image = plan_film([read_header(path)], OPTIONS).develop(None).images[0]
    assert image.pixels.shape == (9, 7, 3)
    assert image.pixels.min() < image.pixels.max()
    brightest = np.unravel_index(pixels.argmax(), pixels.shape)[:2]
    if kind != "colour" and modality != "CT":
        assert image.pixels[brightest].tolist() == ([255] * 3 if kind == "grey" else [0] * 3)


def test_its_record_says_what_was_sent_and_names_no_one(film):
    source = plan_film([film], OPTIONS).develop(None).source
    assert (source.kind, source.series, source.num_available, source.num_sent) == ("film", "3", 1, 1)
    assert source.files[0].name == "film.dcm"
    assert source.choices == {"views": ["PA"]}
    assert not any(value in str(source) for value in PATIENT.values())


def test_planning_reads_no_pixels(film):
    film.path.write_bytes(b"gone")
    assert plan_film([film], OPTIONS).num_images == 1


def test_prior_and_current_go_in_the_order_in_which_they_are_given_without_labels(tmp_path):
    headers = [
        read_header(make_dicom(tmp_path / name, np.full((4, 4), level, np.uint8), SeriesNumber=number))
        for name, level, number in (("prior", 10, 1), ("current", 20, 2))
    ]
    view = plan_film(headers, OPTIONS).develop(None)
    assert levels(view) == [10, 20]
    assert len(view.parts) == 2
    assert [file.name for file in view.source.files] == ["prior", "current"]
    assert view.source.series == ""


def test_of_a_moving_picture_eight_frames_go_evenly_from_first_to_last(cine):
    plan = plan_film([cine], OPTIONS)
    assert plan.num_images == 8
    view = plan.develop(None)
    assert levels(view) == [0, 3, 5, 8, 11, 14, 16, 19]
    assert [image.origin.number for image in view.images] == [1, 4, 6, 9, 12, 15, 17, 20]
    assert view.images[0].origin.total == 20
    assert view.source.choices["frames"][1] == [1, 4]
    assert view.source.notes == ("8 of 20 frames sent, evenly from the first to the last",)


def test_a_range_of_frames_may_be_asked_for(cine):
    view = plan_film([cine], replace(OPTIONS, slices=(5, 7))).develop(None)
    assert levels(view) == [4, 5, 6]
    assert view.source.notes == ("3 of 20 frames sent, evenly from the first to the last of 5 to 7",)


def test_a_range_beyond_the_last_frame_ends_with_it(cine):
    assert levels(plan_film([cine], replace(OPTIONS, slices=(19, 99))).develop(None)) == [18, 19]


def test_frames_that_are_not_there_are_refused_with_the_option(cine):
    with pytest.raises(InputError, match="it has 20") as caught:
        plan_film([cine], replace(OPTIONS, slices=(21, 22)))
    assert "--slices 1-20" in caught.value.hint


def test_a_range_says_nothing_of_a_film_of_one_frame(film):
    assert plan_film([film], replace(OPTIONS, slices=(40, 80))).num_images == 1


def test_fewer_frames_are_sent_where_fewer_fit(cine):
    view = plan_film([cine], OPTIONS).develop(3)
    assert levels(view) == [0, 11, 19]
    assert view.source.num_sent == 3
    assert "3 of 20 frames sent" in view.source.notes[0]


def test_tiles_follow_the_whole_row_by_row(film):
    plan = plan_film([film], replace(OPTIONS, tiles=(2, 2)))
    assert plan.num_images == 5
    whole, *parts = plan.develop(None).images
    assert [part.origin.region_px for part in parts] == [
        (0, 0, 25, 20),
        (25, 0, 25, 20),
        (0, 20, 25, 20),
        (25, 20, 25, 20),
    ]
    for part in parts:
        x, y, width, height = part.origin.region_px
        assert np.array_equal(part.pixels, whole.pixels[y : y + height, x : x + width])


def test_where_parts_do_not_fit_only_the_whole_is_sent_and_that_is_said(film):
    view = plan_film([film], replace(OPTIONS, tiles=(2, 2))).develop(4)
    assert len(view.images) == 1
    assert view.source.notes == ("parts left out: only whole pictures fit",)


def test_a_single_ct_slice_tells_its_windows(tmp_path):
    path = make_dicom(tmp_path / "ct", FILM, modality="CT", RescaleSlope=1, RescaleIntercept=-1024)
    view = plan_film([read_header(path)], OPTIONS, recipe="1").develop(None)
    assert view.images[0].origin.windows == ((-1225, 1025), (-135, 215), (0, 80))
    assert view.source.choices["windows"] == [[[-1225, 1025], [-135, 215], [0, 80]]]


def test_a_file_without_an_image_is_refused_before_anything_is_read(tmp_path):
    path = make_dicom(tmp_path / "report", FILM, PixelData=None, Rows=None, Columns=None)
    with pytest.raises(InputError, match=r"report.*without one \(Digital X-Ray Image Storage"):
        plan_film([read_header(path)], OPTIONS)


def test_opening_words_stand_before_the_pictures(film):
    plan = plan_film([film], replace(OPTIONS, instruction="Look."))
    assert plan.texts == ("Look.",)
    assert plan.develop(None).parts[0].text == "Look."


def test_frames_that_would_take_gigabytes_together_are_refused(cine):
    huge = replace(cine, rows=20_000, columns=5_000, num_frames=500)
    with pytest.raises(InputError, match=r"8 frames.*800,000,000 together") as caught:
        plan_film([huge], OPTIONS)
    assert "--slices" in caught.value.hint


def test_no_files_are_refused():
    with pytest.raises(InputError, match="at least one"):
        plan_film([], OPTIONS)
