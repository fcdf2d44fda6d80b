"""NIfTI's reader keeps the contract of readers."""

import gzip

import numpy as np
import pytest
from contracts.reader import PeakMemory, VolumeReaderContract

from osler.formats.nifti import open_nifti
from osler.testing.nifti import make_nifti
from osler.testing.volumes import affine_of

VALUES = np.random.default_rng(0).integers(-1000, 1000, (8, 9, 10)).astype(np.int16)
ASCENDING, DESCENDING = affine_of("RAS"), affine_of("RAI")


class NiftiReaderContract(VolumeReaderContract):
    compressed = False

    @pytest.fixture
    def source(self, tmp_path):
        """With slices from head to feet, which the reader turns round."""
        path = tmp_path / "brain.nii"
        return make_nifti(path, VALUES, DESCENDING, compressed=self.compressed)

    @pytest.fixture
    def expected(self, source):
        affine = DESCENDING.copy()
        affine[:, 2] *= -1
        affine[2, 3] -= 7 * 2.5
        affine[3, 3] = 1
        return VALUES[::-1], affine

    def open(self, path):
        return open_nifti(path)


class TestNiftiReader(NiftiReaderContract):
    @pytest.fixture
    def large(self, tmp_path):
        """512 × 512 × 1024 values of which the disk holds none."""
        path = make_nifti(tmp_path / "large.nii", np.zeros((1024, 1, 1), np.int16), ASCENDING)
        head = bytearray(path.read_bytes()[:352])
        head[42:46] = np.array([512, 512], "<i2").tobytes()
        path.write_bytes(head)
        with path.open("r+b") as stream:
            stream.truncate(352 + 512 * 512 * 1024 * 2)
        return path

    def test_a_slice_of_a_large_file_takes_little_memory(self, large):
        volume = self.open(large)
        with PeakMemory() as memory:
            volume.read_slice(700)
        assert memory.grown_bytes <= self.opened_bytes


class TestPackedNiftiReader(NiftiReaderContract):
    compressed = True

    @pytest.fixture
    def large(self, tmp_path):
        path = make_nifti(tmp_path / "large.nii", np.zeros((1, 1, 1), np.int16), ASCENDING)
        head = bytearray(path.read_bytes()[:352])
        head[42:48] = np.array([512, 512, 512], "<i2").tobytes()
        with gzip.open(path, "wb", compresslevel=1) as stream:
            stream.write(head)
            for _ in range(16):
                stream.write(bytes(512 * 512 * 32 * 2))
        return path
