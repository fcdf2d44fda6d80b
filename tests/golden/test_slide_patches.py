"""Patches held against OpenSlide's own reading and an independent computation of the tissue mask."""

import numpy as np
import openslide
from PIL import Image as Pillow

from osler.tasks.slide import plan_slide
from osler.tasks.study_options import StudyOptions
from osler.testing.slide import make_slide, tissue_slide

PIECES = [(450, 350, 2500, 1500), (3600, 750, 450, 2850), (1800, 2700, 1790, 890)]


def test_patches_are_openslide_s_regions_of_the_cells_that_an_independent_mask_keeps(tmp_path):
    picture = tissue_slide(3800, 5500, PIECES)
    path = make_slide(tmp_path / "a.svs", picture, mpp_um=0.5, factors=(2, 16))
    view = plan_slide(path, StudyOptions()).develop(None)
    with openslide.OpenSlide(path) as slide:
        assert [image.origin.region_px for image in view.images] == expected_cells(slide)
        for image in view.images:
            region = slide.read_region(image.origin.region_px[:2], 1, (896, 896))
            np.testing.assert_array_equal(image.pixels, np.asarray(region)[:, :, :3])


def expected_cells(slide) -> list[tuple[int, int, int, int]]:
    """As EZ-WSI-DICOMweb computes it: grey at 8 µm a pixel, one area mean for each patch, a range of luminance."""
    width, height = slide.level_dimensions[1]
    columns, rows = width // 896, height // 896
    small = slide.read_region((0, 0), 2, slide.level_dimensions[2]).convert("RGB").convert("L")
    cropped = small.crop((0, 0, columns * 112, rows * 112))
    means = np.asarray(cropped.resize((columns, rows), Pillow.Resampling.BOX))
    side = 896 * 2
    return [
        (column * side, row * side, side, side)
        for row in range(rows)
        for column in range(columns)
        if 1 <= means[row, column] <= 204
    ]
