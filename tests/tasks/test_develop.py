from pathlib import Path

import numpy as np
import pytest

from osler.errors import InputError
from osler.formats.dicom import DicomImage
from osler.formats.raster import Raster
from osler.tasks.develop import develop, develop_frame, develop_raster

WHERE = Path("film.dcm")


def dicom(stored, **changes) -> DicomImage:
    values = {
        "stored": np.asarray(stored),
        "photometric": "MONOCHROME2",
        "modality": "DX",
        "bits": 12,
        "slope": None,
        "intercept": None,
        "looked_up": None,
        "steps": (),
    }
    return DicomImage(**(values | changes))


def grey(image: DicomImage) -> list:
    """The developed picture's one row, after a look that its three channels are the same."""
    pixels, _ = develop(image, WHERE)
    assert pixels.dtype == np.uint8
    assert (pixels == pixels[:, :, :1]).all()
    return pixels[0, :, 0].tolist()


def test_a_film_s_whole_range_is_used_and_no_window():
    image = dicom(np.array([[1000, 2000, 3000]], np.uint16))
    assert grey(image) == [0, 127, 255]  # 2000: floor(32767.5) / 257 = 127.498
    assert develop(image, WHERE)[1][0] == "whole range 1000 to 3000 over 0 to 255, window not applied"


def test_monochrome1_is_turned_round():
    image = dicom(np.array([[1000, 2000, 3000]], np.uint16), photometric="MONOCHROME1")
    assert grey(image) == [255, 128, 0]
    assert any("turned round" in step for step in develop(image, WHERE)[1])


def test_signed_values_are_shifted():
    assert grey(dicom(np.array([[-2000, 0, 2000]], np.int16))) == [0, 127, 255]


def test_a_negative_rescale_slope_turns_the_picture_round():
    image = dicom(np.array([[0, 4095]], np.uint16), slope=-1.0, intercept=4095.0)
    assert grey(image) == [255, 0]
    assert develop(image, WHERE)[1][0] == "rescaled: × -1 + 4095"


def test_a_rescale_below_zero_does_not_wrap():
    assert grey(dicom(np.array([[0, 1024, 2048]], np.uint16), slope=1.0, intercept=-1024.0)) == [0, 127, 255]


def test_a_modality_lut_goes_before_a_rescale():
    image = dicom(np.array([[0, 1]], np.uint16), looked_up=np.array([[9, 5]], np.uint16), slope=1.0, intercept=5.0)
    assert grey(image) == [255, 0]
    assert develop(image, WHERE)[1][0] == "Modality LUT applied"


def test_8_bit_films_are_left_as_they_are():
    image = dicom(np.array([[40, 90, 200]], np.uint8), bits=8)
    assert grey(image) == [40, 90, 200]
    assert grey(dicom(np.array([[40, 90, 200]], np.uint8), bits=8, photometric="MONOCHROME1")) == [215, 165, 55]
    assert grey(dicom(np.array([[40, 90, 200]], np.uint8), bits=8, slope=1.0, intercept=0.0)) == [40, 90, 200]


def test_films_of_fewer_bits_use_all_levels():
    assert grey(dicom(np.array([[0, 1]], np.uint8), bits=1)) == [0, 255]


@pytest.mark.parametrize("modality", ["CR", "MG", "XA", "OT", ""])
def test_other_grey_images_are_treated_as_films(modality):
    assert grey(dicom(np.array([[0, 4095]], np.uint16), modality=modality)) == [0, 255]


def test_an_mr_slice_is_stretched_and_rounded_once():
    image = dicom(np.array([[100, 103, 610]], np.int16), modality="MR")
    assert grey(image) == [0, 2, 255]  # 3 / 510 * 255 = 1.5, to even
    assert develop(image, WHERE)[1][0] == "MR: lowest 100 to highest 610 over 0 to 255"


def test_a_ct_slice_shows_its_three_windows_as_colours():
    hu = np.array([[-1024, -135, 0, 40, 80, 215, 1024]])
    pixels, steps = develop(dicom((hu + 1024).astype(np.uint16), modality="CT", slope=1.0, intercept=-1024.0), WHERE)
    assert pixels[0, :, 0].tolist() == [0, 111, 128, 132, 137, 154, 255]
    assert pixels[0, :, 1].tolist() == [0, 0, 98, 128, 157, 255, 255]
    assert pixels[0, :, 2].tolist() == [0, 0, 0, 128, 255, 255, 255]
    assert steps == (
        "rescaled to Hounsfield units",
        "CT windows in HU: -1024 to 1024 red, -135 to 215 green, 0 to 80 blue",
    )


def test_ct_without_a_rescale_is_taken_as_hounsfield_units():
    pixels, steps = develop(dicom(np.array([[0, 80]], np.int16), modality="CT"), WHERE)
    assert pixels[0, :, 2].tolist() == [0, 255]
    assert steps[0].startswith("CT windows")


@pytest.mark.parametrize(("present", "missing"), [("slope", "Rescale Intercept"), ("intercept", "Rescale Slope")])
def test_ct_with_half_a_rescale_is_refused(present, missing):
    with pytest.raises(InputError, match=missing):
        develop(dicom(np.array([[0]], np.int16), modality="CT", **{present: 1.0}), WHERE)


def test_8_bit_colour_is_left_as_it_is():
    colour = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    pixels, steps = develop(dicom(colour, photometric="RGB", modality="XC", bits=8), WHERE)
    assert np.array_equal(pixels, colour)
    assert steps == ()


@pytest.mark.parametrize(("bits", "kind"), [(16, np.uint16), (12, np.uint16), (32, np.uint32)])
def test_deep_colour_is_brought_to_8_bits_by_its_highest_level(bits, kind):
    top = 2**bits - 1
    colour = np.array([[[0, top // 2, top]]], kind)
    pixels, steps = develop(dicom(colour, photometric="RGB", bits=bits), WHERE)
    assert pixels.tolist() == [[[0, 127, 255]]]
    assert steps == (f"{bits}-bit colour brought to 8 bits",)


def test_stored_values_that_are_no_numbers_are_refused():
    with pytest.raises(InputError, match="not finite"):
        develop(dicom(np.array([[0.0, np.nan]], np.float32)), WHERE)


def test_the_caller_s_values_are_left_alone():
    stored = np.array([[0, 7]], np.uint16)
    stored.flags.writeable = False
    for modality in ("CT", "MR", "DX"):
        develop(dicom(stored, modality=modality, photometric="MONOCHROME1"), WHERE)
    assert stored.tolist() == [[0, 7]]


def test_an_mr_slice_whose_low_values_are_bright_is_turned_round():
    image = dicom(np.array([[100, 103, 610]], np.int16), modality="MR", photometric="MONOCHROME1")
    assert grey(image) == [255, 253, 0]


def test_medgemma_1_was_shown_ct_through_another_red_window():
    hu = dicom(np.array([[-1225, -100, 1025]], np.int16), modality="CT", slope=1.0, intercept=0.0)
    developed = develop_frame(hu, WHERE, recipe="1")
    assert developed.pixels[0, :, 0].tolist() == [0, 128, 255]
    assert developed.windows == ((-1225, 1025), (-135, 215), (0, 80))


def test_ct_through_one_window_of_the_user_s_is_grey():
    hu = dicom(np.array([[-1000, -160, 40, 240]], np.int16), modality="CT", slope=1.0, intercept=0.0)
    developed = develop_frame(hu, WHERE, window=(40, 400))
    assert (developed.pixels == developed.pixels[:, :, :1]).all()
    assert developed.pixels[0, :, 0].tolist() == [0, 0, 128, 255]
    assert developed.windows == ((-160, 240),)
    assert "window in HU: -160 to 240" in developed.steps


@pytest.mark.parametrize(("photometric", "levels"), [("MONOCHROME2", [0, 128, 255]), ("MONOCHROME1", [255, 127, 0])])
def test_a_window_of_the_user_s_takes_the_place_of_a_film_s_whole_range(photometric, levels):
    film = dicom(np.array([[0, 1000, 4000]], np.uint16), photometric=photometric, slope=0.5, intercept=-100.0)
    developed = develop_frame(film, WHERE, window=(400, 200))
    assert developed.pixels[0, :, 0].tolist() == levels
    assert developed.steps[:2] == ("rescaled: × 0.5 + -100", "window 300 to 500")


def test_a_window_is_not_applied_to_colour():
    colour = np.full((1, 1, 3), 7, np.uint8)
    assert develop_frame(dicom(colour, photometric="RGB"), WHERE, window=(40, 400)).windows == ()


@pytest.mark.parametrize("width", [0, -5, float("nan")])
def test_a_window_without_width_is_refused(width):
    with pytest.raises(InputError, match="width of at least 1"):
        develop_frame(dicom(np.array([[1, 2]], np.uint16)), WHERE, window=(40, width))


def test_a_ct_slice_is_what_pydicom_and_numpy_make_of_it_by_themselves():
    """The official notebook's arithmetic, written out again on pydicom's own rescale."""
    import pydicom
    from pydicom.data import get_testdata_file
    from pydicom.pixels import apply_rescale

    from osler.formats.dicom import read_dicom

    path = Path(get_testdata_file("CT_small.dcm"))
    dataset = pydicom.dcmread(path)
    hu = apply_rescale(dataset.pixel_array, dataset)
    expected = np.stack(
        [
            np.round((np.clip(hu, low, high) - low) / (high - low) * 255).astype(np.uint8)
            for low, high in ((-1024, 1024), (-135, 215), (0, 80))
        ],
        axis=-1,
    )
    assert np.array_equal(develop_frame(read_dicom(path), path).pixels, expected)


def test_deep_grey_of_a_picture_may_be_windowed():
    raster = Raster(values=np.array([[0, 300, 400, 500, 9000]], np.uint16), steps=("decoded PNG",))
    developed = develop_raster(raster, "film.png", window=(400, 200))
    assert developed.pixels[0, :, 1].tolist() == [0, 0, 128, 255, 255]
    assert developed.steps == ("decoded PNG", "window 300 to 500", "grey repeated in three channels")
