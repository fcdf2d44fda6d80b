"""The three windows of a CT series against pydicom's rescale and the notebook's formula, written out in numpy."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import apply_rescale

from osler.formats.dicom_header import read_header
from osler.tasks.series import group, open_series
from osler.tasks.study_options import StudyOptions
from osler.tasks.volume import plan_volume
from osler.testing.dicom_series import make_series

WINDOWS = {
    "1.5": ((-1024, 1024), (-135, 215), (0, 80)),
    "1": ((-100 - 1125, -100 + 1125), (40 - 175, 40 + 175), (40 - 40, 40 + 40)),
}
STORED = np.random.default_rng(3).integers(0, 4096, (6, 32, 24), dtype=np.uint16)


def norm(hu: np.ndarray, low: float, high: float) -> np.ndarray:
    """As the official notebook clips and lays a window over 0..255."""
    clipped = np.clip(hu, low, high).astype(np.float32)
    clipped -= low
    clipped /= high - low
    clipped *= 255.0
    return np.round(clipped, 0).astype(np.uint8)


PLAIN = StudyOptions()


def shown(paths, options=PLAIN, recipe="1.5") -> dict[Path, np.ndarray]:
    """The picture made of each file."""
    (study,) = group([read_header(path) for path in paths])
    view = plan_volume([open_series(study.series[0])], options, recipe=recipe).develop(None)
    by_name = {path.name: path for path in paths}
    return {by_name[image.file.name]: image.pixels for image in view.images}


@pytest.mark.parametrize("recipe", WINDOWS)
def test_windows_are_those_of_numpy(tmp_path, recipe):
    paths = make_series(tmp_path, STORED)
    pictures = shown(paths, recipe=recipe)
    assert len(pictures) == 6
    for path, picture in pictures.items():
        dataset = pydicom.dcmread(path)
        hu = apply_rescale(dataset.pixel_array, dataset)
        np.testing.assert_array_equal(picture, np.stack([norm(hu, *window) for window in WINDOWS[recipe]], axis=-1))


def test_a_window_that_is_asked_for_is_that_of_numpy(tmp_path):
    paths = make_series(tmp_path, STORED)
    for path, picture in shown(paths, StudyOptions(window=(60, 360))).items():
        dataset = pydicom.dcmread(path)
        grey = norm(apply_rescale(dataset.pixel_array, dataset), -120, 240)
        np.testing.assert_array_equal(picture, np.stack([grey] * 3, axis=-1))
