"""A folder of a series' files, and one enhanced file, keep to the contract of readers."""

import numpy as np
import pytest
from contracts.reader import VolumeReaderContract, files_of

from osler.formats.dicom_header import read_header
from osler.tasks.series import group, open_series
from osler.testing.dicom import PATIENT
from osler.testing.dicom_series import make_enhanced, make_series, uid_of

STORED = np.random.default_rng(5).integers(0, 4096, (4, 80, 60), dtype=np.uint16)
AFFINE = np.array([[-0.5, 0, 0, 10], [0, -0.75, 0, 20], [0, 0, 2, -30], [0, 0, 0, 1.0]])


class DicomVolumeContract(VolumeReaderContract):
    secrets = (*PATIENT.values(), uid_of("series"), uid_of("study"), uid_of("enhanced series"))

    def open(self, path):
        found = group([read_header(file) for file in files_of(path)])
        return open_series(found[0].series[0])


class TestSeries(DicomVolumeContract):
    cuts = (
        0.3,
        0.9,
    )  # of what is cut sooner only a note tells, see tests/tasks/test_series.py

    @pytest.fixture
    def source(self, tmp_path):
        folder = tmp_path / "series"
        make_series(folder, STORED, step_mm=(0, 0, 2), PixelSpacing=(0.75, 0.5))
        return folder

    @pytest.fixture
    def expected(self, source):
        return STORED.astype(np.int32) - 1024, AFFINE


class TestEnhanced(DicomVolumeContract):
    @pytest.fixture
    def source(self, tmp_path):
        (tmp_path / "place").mkdir()
        positions = [(-10, -20, -30 + 2 * z) for z in range(4)]
        return make_enhanced(tmp_path / "place" / "series.dcm", STORED, positions, spacing_mm=(0.75, 0.5))

    @pytest.fixture
    def expected(self, source):
        return STORED.astype(np.int32), AFFINE

    @pytest.fixture
    def large(self, tmp_path):
        path = make_enhanced(
            tmp_path / "large",
            np.zeros((512, 1, 1), np.uint16),
            [(0, 0, z) for z in range(512)],
            Rows=512,
            Columns=512,
            PixelData=None,
        )
        with path.open("ab") as file:  # the pixels are a hole in the file
            file.write(b"\xe0\x7f\x10\x00OW\0\0" + (2**28).to_bytes(4, "little"))
            file.truncate(file.tell() + 2**28)
        return path
