from contextlib import closing

import numpy as np
import pytest

from osler.errors import InputError
from osler.formats.slide import open_slide
from osler.imaging.digest import pixels_sha256
from osler.tasks.slide import OPENING, plan_slide
from osler.tasks.study_options import StudyOptions
from osler.testing.dicom_slide import make_dicom_slide
from osler.testing.slide import make_slide, tissue_slide
from osler.values import ImagePart, TextPart

# At 0.5 µm a pixel a patch at 10× covers 1,792 full-size pixels: 3 columns and 2 rows, tissue in four of the six.
PIECES = [(0, 0, 1792, 1792), (3584, 100, 1700, 1600), (100, 1792, 3400, 1700)]
PICTURE = tissue_slide(3680, 5400, PIECES)
SQUARE = PICTURE[:1800, :1800]
CORNERS = [(0, 0), (3584, 0), (0, 1792), (1792, 1792)]


@pytest.fixture(scope="module")
def slide(tmp_path_factory):
    return make_slide(tmp_path_factory.mktemp("slides") / "liver.svs", PICTURE, mpp_um=0.5, factors=(2, 8))


def developed(source, at_most=None, **options):
    return plan_slide(source, StudyOptions(**options)).develop(at_most)


def corners(view):
    return [image.origin.region_px[:2] for image in view.images]


def test_patches_of_tissue_are_sent_row_by_row(slide):
    plan = plan_slide(slide, StudyOptions())
    assert (plan.kind, plan.label, plan.num_images) == ("slide", "liver.svs", 4)
    view = plan.develop(None)
    assert corners(view) == CORNERS
    assert [image.origin.number for image in view.images] == [1, 2, 3, 4]
    assert {image.origin.total for image in view.images} == {4}
    assert view.source.notes == ("4 of 6 squares hold tissue",)


def test_the_opening_words_come_first_and_patches_after(slide):
    plan = plan_slide(slide, StudyOptions())
    view = plan.develop(None)
    assert plan.texts == (OPENING,)
    assert view.parts[0] == TextPart(text=OPENING)
    assert all(isinstance(part, ImagePart) for part in view.parts[1:])


@pytest.mark.parametrize(("words", "texts"), [("Look.", ("Look.",)), ("", ())])
def test_opening_words_can_be_others_or_none(slide, words, texts):
    plan = plan_slide(slide, StudyOptions(instruction=words))
    assert plan.texts == texts
    assert [part.text for part in plan.develop(None).parts if isinstance(part, TextPart)] == list(texts)


def test_a_patch_is_what_the_level_of_its_magnification_holds(slide):
    view = developed(slide)
    with closing(open_slide(slide)) as opened:
        for image in view.images:
            x, y, width, height = image.origin.region_px
            assert (width, height) == (1792, 1792)
            np.testing.assert_array_equal(image.pixels, opened.read_region(1, x, y, 896, 896))


def test_the_record_says_what_was_decided(slide):
    source = developed(slide).source
    assert source.kind == "slide"
    assert [file.name for file in source.files] == ["liver.svs"]
    assert source.reason == "resolution 2 of 3, 1 µm a pixel, that of 10×"
    assert source.choices["magnification"] == 10.0
    assert source.choices["mpp_um"] == 1.0
    assert source.choices["mask_mpp_um"] == 4.0
    assert source.choices["patches"] == [list(corner) for corner in CORNERS]
    assert (source.num_available, source.num_sent) == (4, 4)


def test_images_say_where_they_come_from_and_how(slide):
    image = developed(slide).images[1]
    assert image.file.name == "liver.svs" and len(image.file.sha256) == 64
    assert (image.origin.kind, image.origin.magnification) == ("patch", 10.0)
    assert image.steps[0] == "read at 1 µm a pixel"


def test_more_patches_than_allowed_are_drawn_with_the_seed(slide):
    views = [developed(slide, max_patches=2, seed=seed) for seed in (0, 0, 1, 2, 3)]
    chosen = [tuple(corners(view)) for view in views]
    assert chosen[0] == chosen[1]
    assert len(set(chosen)) > 1
    for view in views:
        assert [CORNERS.index(corner) for corner in corners(view)] == sorted(map(CORNERS.index, corners(view)))
        assert [CORNERS[image.origin.number - 1] for image in view.images] == corners(view)
        assert (view.source.num_available, view.source.num_sent) == (4, 2)
    assert "2 of them drawn with seed 0, sent row by row" in views[0].source.notes


def test_thinning_is_even_and_said(slide):
    view = developed(slide, 2)
    assert corners(view) == [CORNERS[0], CORNERS[3]]
    assert view.source.choices["patches"] == [list(CORNERS[0]), list(CORNERS[3])]
    assert "2 of 4 chosen patches sent, evenly thinned" in view.source.notes


def test_between_two_resolutions_the_finer_one_is_averaged(tmp_path):
    path = make_slide(tmp_path / "a.svs", SQUARE, mpp_um=0.5, factors=(8,))
    view = developed(path)
    assert corners(view) == [(0, 0)]
    blocks = PICTURE[:1792, :1792].reshape(896, 2, 896, 2, 3).mean(axis=(1, 3))
    assert np.abs(view.images[0].pixels - blocks).max() <= 1
    assert "averaged from 1792 × 1792 to 896 × 896 pixels" in view.images[0].steps
    assert "averaged down to 1" in view.source.reason


def test_a_resolution_within_a_quarter_is_taken_as_it_is(tmp_path):
    path = make_slide(tmp_path / "a.svs", SQUARE, mpp_um=0.6, factors=(2,))
    source = developed(path).source
    assert source.choices["mpp_um"] == pytest.approx(1.2)
    assert source.reason.endswith("nearest to 10×")


def test_a_magnification_is_followed(slide):
    view = developed(slide, magnification=20, max_patches=3)
    assert view.images[0].origin.region_px[2:] == (896, 896)
    assert view.source.choices["mpp_um"] == 0.5


def test_a_magnification_that_the_slide_does_not_have_is_refused(slide):
    with pytest.raises(InputError, match=r"at 40× \(0.25 µm a pixel\): its finest resolution is 20×") as caught:
        plan_slide(slide, StudyOptions(magnification=40))
    assert "--magnification 20" in caught.value.hint


def test_too_much_averaging_is_refused(tmp_path):
    path = make_slide(tmp_path / "a.svs", SQUARE, mpp_um=0.1, factors=())
    with pytest.raises(InputError, match="10 times as fine, expected at most 8"):
        plan_slide(path, StudyOptions())


def test_without_the_size_of_pixels_a_slide_is_refused_with_a_hint(tmp_path):
    path = make_slide(tmp_path / "a.tif", SQUARE, form="generic", mpp_um=None)
    with pytest.raises(InputError, match="expected the size of its pixels in micrometres") as caught:
        plan_slide(path, StudyOptions())
    assert "--mpp" in caught.value.hint


def test_the_size_of_pixels_can_be_said(tmp_path):
    path = make_slide(tmp_path / "a.tif", SQUARE, form="generic", mpp_um=None, factors=(2, 8))
    source = developed(path, mpp_um=0.5).source
    assert source.choices["mpp_um"] == 1.0
    assert "0.5 µm a pixel at full size, as was asked for" in source.notes


def test_the_objective_stands_in_for_the_size_of_pixels_and_that_is_said(tmp_path):
    path = make_slide(tmp_path / "a.svs", SQUARE, mpp_um=None, objective=20, factors=(2, 8))
    assert "assumed 0.5 µm a pixel at full size, from the objective of 20×" in developed(path).source.notes


def test_a_size_of_pixels_that_cannot_be_is_not_believed(tmp_path):
    path = make_slide(tmp_path / "a.tif", SQUARE, form="generic", mpp_um=352.8)  # 72 dots an inch
    with pytest.raises(InputError, match="which cannot be of a slide"):
        plan_slide(path, StudyOptions())


def test_named_patches_are_sent_as_they_are_named(slide):
    view = developed(slide, patches=((3000, 1800), (7, 11)))
    assert corners(view) == [(3000, 1800), (7, 11)]
    assert [image.origin.number for image in view.images] == [1, 2]
    assert view.source.choices["chosen_by"] == "corners that were named"
    assert view.source.notes == ()


def test_a_named_patch_over_the_edge_is_white_there(slide):
    view = developed(slide, patches=((5000, 3000),))
    assert (view.images[0].pixels[-100:] == 255).all()
    assert "1 patch over the slide's edge, white beyond it" in view.source.notes


@pytest.mark.parametrize("corner", [(5400, 0), (0, 3680)])
def test_a_named_patch_outside_is_refused(slide, corner):
    with pytest.raises(InputError, match=r"5,400 × 3,680 pixels at full size"):
        plan_slide(slide, StudyOptions(patches=(corner,)))


def test_too_many_named_patches_are_refused_with_the_option(slide):
    with pytest.raises(InputError, match="cannot send 3 patches") as caught:
        plan_slide(slide, StudyOptions(patches=((0, 0), (1, 1), (2, 2)), max_patches=2))
    assert "--max-patches 3" in caught.value.hint


def test_a_slide_of_glass_is_refused(tmp_path):
    path = make_slide(tmp_path / "a.svs", tissue_slide(2000, 2000), mpp_um=0.5, factors=(2, 8))
    with pytest.raises(InputError, match=r"mean luminance of its squares is 0.94 to 0.94"):
        plan_slide(path, StudyOptions())


def test_a_slide_smaller_than_a_patch_is_sent_with_white_around(tmp_path):
    path = make_slide(tmp_path / "a.svs", tissue_slide(600, 800, [(0, 0, 800, 600)]), mpp_um=1.0, factors=())
    view = developed(path)
    assert len(view.images) == 1
    assert (view.images[0].pixels[600:] == 255).all() and (view.images[0].pixels[:, 800:] == 255).all()
    assert "the slide is smaller than one patch: white beyond its edge" in view.source.notes


def test_tissue_over_the_edge_is_left_out_and_that_is_said(tmp_path):
    picture = tissue_slide(900, 1500, [(0, 0, 1500, 900)])
    view = developed(make_slide(tmp_path / "a.svs", picture, mpp_um=1.0, factors=()))
    assert corners(view) == [(0, 0)]
    assert view.source.notes == (
        "1 of 1 squares hold tissue",
        "3 more over the right or lower edge left out, as in the official code",
    )


@pytest.mark.parametrize("over", [1, 5, 15])
def test_a_slide_a_few_pixels_larger_than_its_squares_is_read(tmp_path, over):
    picture = tissue_slide(896 + over, 896 + over, [(0, 0, 896, 896)])
    view = developed(make_slide(tmp_path / "a.svs", picture, mpp_um=1.0, factors=(8,)))
    assert corners(view) == [(0, 0)]


def test_only_what_lies_on_a_small_slide_counts_as_tissue_or_not(tmp_path):
    path = make_slide(tmp_path / "a.svs", tissue_slide(200, 300, [(0, 0, 300, 200)]), mpp_um=1.0, factors=())
    assert len(developed(path).images) == 1


def test_every_reader_gives_the_same_patches(tmp_path):
    strip = PICTURE[:1792]
    expected = developed(make_slide(tmp_path / "a.svs", strip, mpp_um=0.5, factors=(2, 8)))
    assert corners(expected) == [(0, 0), (3584, 0)]
    ome = make_slide(tmp_path / "a.ome.tif", strip, form="ome", mpp_um=0.5, factors=(2, 8))
    dicom = make_dicom_slide(tmp_path / "dicom", strip, mpp_um=0.5, factors=(1, 2, 8))
    for path in (ome, dicom):
        view = developed(path)
        assert corners(view) == corners(expected)
        assert [pixels_sha256(image.pixels) for image in view.images] == [
            pixels_sha256(image.pixels) for image in expected.images
        ]


def test_a_dicom_slide_is_recorded_by_its_digest_and_files(tmp_path):
    folder = make_dicom_slide(tmp_path / "dicom", SQUARE, mpp_um=0.5, factors=(1, 2, 8))
    view = developed(folder)
    assert [file.name for file in view.source.files] == ["level0.dcm", "level1.dcm", "level2.dcm"]
    assert view.images[0].file.name == "level1.dcm"
    assert len(view.source.series) == 12
