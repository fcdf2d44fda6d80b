import sqlite3
import struct

import numpy as np
import pytest
from PIL import Image as Pillow

from osler.formats.slide_kind import is_slide, slide_kind
from osler.formats.tiff_header import read_directories
from osler.testing.dicom_slide import make_dicom_slide
from osler.testing.slide import make_large_slide, make_slide, tissue_slide

SMALL = tissue_slide(600, 800)


@pytest.mark.parametrize(("form", "expected"), [("aperio", "openslide"), ("generic", "openslide"), ("ome", "ome")])
def test_pyramids_are_slides(tmp_path, form, expected):
    assert slide_kind(make_slide(tmp_path / "a.bin", SMALL, form=form, factors=(2,))) == expected


def test_a_large_slide_is_one(tmp_path):
    assert slide_kind(make_large_slide(tmp_path / "large.tif", side_px=30_000)) == "openslide"


def test_a_tiled_tiff_without_smaller_versions_is_a_picture(tmp_path):
    assert not is_slide(make_slide(tmp_path / "one.tif", SMALL, form="generic", factors=()))


def test_a_tiff_of_several_pages_is_no_slide(tmp_path):
    pages = [Pillow.fromarray(SMALL), Pillow.fromarray(SMALL[::2, ::2])]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    assert not is_slide(tmp_path / "pages.tif")


def test_an_ome_tiff_without_smaller_versions_is_a_picture(tmp_path):
    assert not is_slide(make_slide(tmp_path / "one.ome.tif", SMALL, form="ome", factors=()))


def test_a_jpeg_is_a_slide_only_beside_a_mirax_folder(tmp_path):
    Pillow.fromarray(SMALL).save(tmp_path / "case.mrxs", "JPEG")
    assert not is_slide(tmp_path / "case.mrxs")
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "Slidedat.ini").write_text("[GENERAL]\n")
    assert is_slide(tmp_path / "case.mrxs")


@pytest.mark.parametrize("head", [b"ZISRAWFILE" + bytes(100), b"[Virtual Microscope Specimen]\nNoLayers=1\n"])
def test_makers_own_formats_are_told_by_their_first_bytes(tmp_path, head):
    (tmp_path / "a").write_bytes(head)
    assert is_slide(tmp_path / "a")


@pytest.mark.parametrize(("table", "expected"), [("DataManagerSQLiteConfigXPO", True), ("Holidays", False)])
def test_a_database_is_a_slide_only_with_sakura_s_table(tmp_path, table, expected):
    with sqlite3.connect(tmp_path / "a") as database:
        database.execute(f"CREATE TABLE {table} (TableName TEXT)")
    database.close()
    assert is_slide(tmp_path / "a") is expected


def test_a_dicom_slide_is_left_to_series(tmp_path):
    folder = make_dicom_slide(tmp_path / "slide", SMALL, factors=(1,))
    assert not is_slide(folder / "level0.dcm")


@pytest.mark.parametrize(
    "data", [b"", b"II", b"II*\0", b"MM\0*" + bytes(4), b"II*\0\xff\xff\xff\xff", b"no TIFF at all"]
)
def test_what_is_no_whole_tiff_has_no_directories(tmp_path, data):
    (tmp_path / "a").write_bytes(data)
    assert read_directories(tmp_path / "a") == ()
    assert not is_slide(tmp_path / "a")


def test_a_chain_of_directories_that_bites_its_tail_ends(tmp_path):
    entry = struct.pack("<HHII", 256, 4, 1, 100)
    (tmp_path / "a").write_bytes(b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 8))
    assert [directory.width_px for directory in read_directories(tmp_path / "a")] == [100]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_directories_are_read_in_every_layout(tmp_path, order, big):
    import tifffile

    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path, np.zeros((48, 32, 3), np.uint8), byteorder=order, bigtiff=big, tile=(16, 16), photometric="rgb"
    )
    (found,) = read_directories(path)
    assert (found.width_px, found.height_px, found.tiled, found.reduced) == (32, 48, True, False)


def test_cut_off_anywhere_nothing_is_raised(tmp_path):
    whole = make_slide(tmp_path / "whole.svs", SMALL, factors=(2,)).read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 60)):
        (tmp_path / "cut").write_bytes(whole[:length])
        is_slide(tmp_path / "cut")
