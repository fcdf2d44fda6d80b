from contextlib import closing

import pytest
from contracts.reader import ReaderContract

from osler.formats.slide import open_slide
from osler.testing.dicom import PATIENT
from osler.testing.dicom_slide import make_dicom_slide
from osler.testing.slide import make_large_slide, make_slide, tissue_slide

PICTURE = tissue_slide(700, 900, [(0, 0, 900, 700)])


class SlideContract(ReaderContract):
    """What slides of all kinds have in common."""

    def open(self, path):
        return open_slide(path)

    def read_all(self, opened):
        with closing(opened):
            return [
                opened.read_region(index, 0, 0, level.width_px, level.height_px)
                for index, level in enumerate(opened.levels)
            ]

    def test_arrays_that_are_handed_out_do_not_lead_back_to_the_file_s(self, source):
        assert not any(part.flags.writeable for part in self.read_all(self.open(source)))

    def test_reading_gives_the_same_twice(self, source):
        opened = self.open(source)
        first = opened.read_region(0, 100, 100, 300, 300)
        assert (opened.read_region(0, 100, 100, 300, 300) == first).all()
        opened.close()


class TestOpenslide(SlideContract):
    @pytest.fixture
    def source(self, tmp_path):
        return make_slide(tmp_path / "slide.svs", PICTURE, factors=(2,))

    @pytest.fixture
    def large(self, tmp_path):
        return make_large_slide(tmp_path / "large.tif")


class TestOmeTiff(SlideContract):
    @pytest.fixture
    def source(self, tmp_path):
        return make_slide(tmp_path / "slide.ome.tif", PICTURE, form="ome", factors=(2,))


class TestDicomSlide(SlideContract):
    secrets = tuple(PATIENT.values())

    @pytest.fixture
    def source(self, tmp_path):
        return make_dicom_slide(tmp_path / "slide", PICTURE, factors=(1, 2), label=False)
