import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from osler.errors import InputError, MissingExtraError
from osler.formats.slide import open_slide, slide_files
from osler.testing.dicom_slide import make_dicom_slide
from osler.testing.slide import GLASS, make_large_slide, make_slide, shrunk, tissue_slide

PICTURE = tissue_slide(1100, 1500, [(200, 100, 700, 800)])


@pytest.fixture(params=["aperio", "generic", "ome", "dicom"], scope="module")
def slide(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    if request.param == "dicom":
        path = make_dicom_slide(folder / "slide", PICTURE, factors=(1, 2, 4))
    else:
        path = make_slide(folder / "slide.tif", PICTURE, form=request.param, factors=(2, 4))
    with closing(open_slide(path)) as opened:
        yield opened


def test_levels_are_there_finest_first(slide):
    sizes = [(level.width_px, level.height_px) for level in slide.levels]
    assert sizes == [(1500, 1100), (750, 550), (375, 275)]
    assert [level.downsample for level in slide.levels] == pytest.approx([1, 2, 4])


def test_the_size_of_pixels_is_told(slide):
    assert slide.mpp_um == pytest.approx(0.25, rel=1e-3)


def test_a_region_of_full_size_is_that_of_the_picture(slide):
    region = slide.read_region(0, 190, 90, 300, 200)
    np.testing.assert_array_equal(region, PICTURE[90:290, 190:490])


def test_a_region_of_another_level_is_counted_in_full_size_pixels(slide):
    region = slide.read_region(2, 400, 200, 100, 50)
    np.testing.assert_array_equal(region, shrunk(PICTURE, 4)[50:100, 100:200])


def test_what_lies_outside_is_white(slide):
    region = slide.read_region(0, -20, -10, 60, 40)
    assert (region[:10] == 255).all() and (region[:, :20] == 255).all()
    np.testing.assert_array_equal(region[10:, 20:], PICTURE[:30, :40])
    region = slide.read_region(0, 1480, 1090, 50, 50)
    np.testing.assert_array_equal(region[:10, :20], PICTURE[1090:, 1480:])
    assert (region[11:] == 255).all() and (region[:, 21:] == 255).all()
    assert (slide.read_region(1, 9000, 9000, 8, 8) == 255).all()


def test_regions_are_read_only(slide):
    assert not slide.read_region(0, 0, 0, 8, 8).flags.writeable


@pytest.mark.parametrize("size", [(0, 10), (10, -1), (70_000, 10), (20_000, 20_000)])
def test_regions_without_pixels_or_with_too_many_are_refused(slide, size):
    with pytest.raises(InputError, match="pixel"):
        slide.read_region(0, 0, 0, *size)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("form", ["aperio", "ome"])
def test_tiles_may_be_compressed_or_not(tmp_path, form, compression):
    path = make_slide(tmp_path / "a.tif", PICTURE, form=form, factors=(2,), compression=compression)
    with closing(open_slide(path)) as opened:
        np.testing.assert_array_equal(opened.read_region(0, 0, 0, 400, 300), PICTURE[:300, :400])


def test_an_aperio_slide_tells_its_objective(tmp_path):
    with closing(open_slide(make_slide(tmp_path / "a.svs", PICTURE, mpp_um=None, objective=40))) as opened:
        assert (opened.mpp_um, opened.objective) == (None, 40)


def test_a_dicom_slide_may_be_named_by_its_files(tmp_path):
    folder = make_dicom_slide(tmp_path / "slide", PICTURE, factors=(1, 2))
    with closing(open_slide([folder / "level1.dcm", folder / "level0.dcm"])) as opened:
        assert len(opened.levels) == 2
    with closing(open_slide(folder / "level1.dcm")) as opened:
        assert [level.width_px for level in opened.levels] == [750]


def test_a_dicom_slide_s_label_is_not_read(tmp_path):
    folder = make_dicom_slide(tmp_path / "slide", PICTURE, factors=(1, 2))
    assert [path.name for path in slide_files(folder)] == ["level0.dcm", "level1.dcm"]
    with pytest.raises(InputError, match="expected the files of a DICOM slide"):
        open_slide(folder / "label.dcm")


def test_tiles_of_a_dicom_slide_s_resolutions_may_differ_in_size(tmp_path):
    folder = make_dicom_slide(tmp_path / "slide", PICTURE, factors=(1, 2, 4), tile_px=(256, 128, 400))
    with closing(open_slide(folder)) as opened:
        assert len(opened.levels) == 3
        np.testing.assert_array_equal(opened.read_region(2, 0, 0, 375, 275), shrunk(PICTURE, 4))


def test_a_dicom_slide_in_jpeg_is_what_openslide_reads(tmp_path):
    import openslide

    folder = make_dicom_slide(tmp_path / "slide", PICTURE, factors=(1, 2), jpeg=True)
    with closing(open_slide(folder)) as opened, openslide.OpenSlide(folder / "level0.dcm") as other:
        for level in range(2):
            expected = np.asarray(other.read_region((200, 100), level, (600, 400)))[:, :, :3].astype(int)
            found = opened.read_region(level, 200, 100, 600, 400)
            assert np.abs(found - expected).max() <= 3


def test_two_dicom_slides_are_not_mixed(tmp_path):
    first = make_dicom_slide(tmp_path / "a", PICTURE, factors=(1,), label=False)
    second = make_dicom_slide(tmp_path / "b", PICTURE, factors=(1,), label=False)
    with pytest.raises(InputError, match="expected one slide, got 2"):
        open_slide([first / "level0.dcm", second / "level0.dcm"])


def test_a_mirax_slide_s_files_are_those_of_its_folder_too(tmp_path):
    (tmp_path / "case.mrxs").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "case").mkdir()
    for name in ("Slidedat.ini", "Data0000.dat"):
        (tmp_path / "case" / name).write_text("x")
    assert [path.name for path in slide_files(tmp_path / "case.mrxs")] == ["case.mrxs", "Data0000.dat", "Slidedat.ini"]


def test_a_fluorescence_ome_tiff_is_refused_with_a_reason(tmp_path):
    import tifffile

    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        deep = np.zeros((2, 300, 300), np.uint16)
        writer.write(deep, subifds=1, tile=(64, 64), photometric="minisblack", metadata={"axes": "CYX"})
        writer.write(deep[:, ::2, ::2], subfiletype=1, tile=(64, 64), photometric="minisblack", metadata=None)
    with pytest.raises(InputError, match=r"8-bit colour, got 1 samples a pixel of 16 bits"):
        open_slide(path)


def test_an_ome_tiff_in_three_planes_is_put_together(tmp_path):
    import tifffile

    path = tmp_path / "a.ome.tif"
    planes, smaller = np.moveaxis(PICTURE, 2, 0), np.moveaxis(shrunk(PICTURE, 2), 2, 0)
    with tifffile.TiffWriter(path, ome=True) as writer:
        form = {"tile": (128, 128), "photometric": "minisblack", "compression": "zlib"}
        writer.write(planes, subifds=1, metadata={"axes": "CYX"}, **form)
        writer.write(smaller, subfiletype=1, metadata=None, **form)
    with closing(open_slide(path)) as opened:
        np.testing.assert_array_equal(opened.read_region(0, 100, 50, 300, 400), PICTURE[50:450, 100:400])
        np.testing.assert_array_equal(opened.read_region(1, 100, 50, 300, 400), shrunk(PICTURE, 2)[25:425, 50:350])


def test_without_the_extra_it_is_named(tmp_path, monkeypatch):
    path = make_slide(tmp_path / "a.svs", PICTURE)
    monkeypatch.setitem(sys.modules, "openslide", None)
    with pytest.raises(MissingExtraError, match=r"osler\[slides\]"):
        open_slide(path)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not tell a process's memory")
def test_a_slide_of_two_gigabytes_opens_in_little_memory(tmp_path):
    path = make_large_slide(tmp_path / "large.tif")
    assert path.stat().st_size > 2**31
    code = f"""
from pathlib import Path
from osler.formats.slide import open_slide
slide = open_slide(Path({str(path)!r}))
middle = slide.levels[0].width_px // 2
print(slide.read_region(0, middle, middle, 896, 896).mean(), slide.read_region(1, 0, 0, 896, 896).mean())
lines = Path("/proc/self/status").read_text().splitlines()
print([int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")][0])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    means, peak_bytes = done.stdout.splitlines()
    assert means == f"150.0 {GLASS}.0"
    assert int(peak_bytes) < 200e6
