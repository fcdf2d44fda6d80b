"""The reader of NRRD and MetaImage keeps the contract of readers."""

import numpy as np
import pytest
from contracts.reader import VolumeReaderContract

from osler.formats.itk import open_itk
from osler.testing.itk import make_metaimage, make_nrrd
from osler.testing.volumes import affine_of

VALUES = np.random.default_rng(0).integers(-1000, 1000, (8, 9, 10)).astype(np.int16)
AFFINE = affine_of("LPS")


class ItkReaderContract(VolumeReaderContract):
    cuts = (0.02, 0.3, 0.95)

    def make(self, path, values):
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def itk(self):
        pytest.importorskip("SimpleITK")

    @pytest.fixture
    def source(self, tmp_path):
        return self.make(tmp_path / "liver", VALUES)

    @pytest.fixture
    def expected(self):
        return VALUES, AFFINE

    @pytest.fixture
    def large(self, tmp_path):
        """512 × 512 × 512 values of which the disk holds none."""
        path = self.make(tmp_path / "large", VALUES)
        head = path.read_bytes()[: -VALUES.nbytes].replace(b"10 9 8", b"512 512 512")
        path.write_bytes(head)
        with path.open("r+b") as stream:
            stream.truncate(len(head) + 2**28)
        return path

    def open(self, path):
        return open_itk(path)


class TestNrrdReader(ItkReaderContract):
    def make(self, path, values):
        return make_nrrd(path, values, AFFINE)


class TestMetaImageReader(ItkReaderContract):
    def make(self, path, values):
        return make_metaimage(path, values, AFFINE)


class TestPackedNrrdReader(ItkReaderContract):
    def make(self, path, values):
        return make_nrrd(path, values, AFFINE, compressed=True)

    @pytest.fixture
    def large(self, tmp_path):
        """Only the header is read: the values that follow are fewer than it says."""
        path = self.make(tmp_path / "large", VALUES)
        path.write_bytes(path.read_bytes().replace(b"10 9 8", b"512 512 512"))
        return path


class TestPackedMetaImageReader(TestPackedNrrdReader):
    def make(self, path, values):
        return make_metaimage(path, values, AFFINE, compressed=True)
