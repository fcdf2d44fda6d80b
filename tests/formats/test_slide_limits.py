"""Slides that ask for more than there is."""

import struct

import numpy as np
import pydicom
import pytest
from contracts.reader import PeakMemory
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.errors import InputError
from osler.formats.slide import is_slide, open_slide
from osler.testing.dicom_slide import make_dicom_slide
from osler.testing.slide import make_slide, tissue_slide

PICTURE = tissue_slide(600, 700, [(0, 0, 700, 600)])
ENTRY_BYTES = 12


def rewrite(path, changes: dict[int, int], *, directory: int = 0):
    """Change numbers in a directory of a classic little-endian TIFF file, by tag."""
    data = bytearray(path.read_bytes())
    place = struct.unpack_from("<I", data, 4)[0]
    for _ in range(directory):
        place = struct.unpack_from("<I", data, place + 2 + ENTRY_BYTES * struct.unpack_from("<H", data, place)[0])[0]
    for index in range(struct.unpack_from("<H", data, place)[0]):
        at = place + 2 + ENTRY_BYTES * index
        tag = struct.unpack_from("<H", data, at)[0]
        if tag in changes:
            struct.pack_into("<HII", data, at + 2, 4, 1, changes[tag])
    path.write_bytes(data)


@pytest.mark.parametrize("form", ["aperio", "generic", "ome"])
@pytest.mark.parametrize(
    "changes",
    [{256: 2**31, 257: 2**31}, {256: 2**31 - 1, 257: 2**31 - 1, 322: 2**24, 323: 2**24}, {322: 60_000, 323: 60_000}],
)
def test_sizes_that_no_file_has_are_refused_without_taking_memory(tmp_path, form, changes):
    path = make_slide(tmp_path / "a.tif", PICTURE, form=form, factors=(2,))
    rewrite(path, changes)
    with PeakMemory() as memory, pytest.raises(InputError, match=r"a\.tif"):
        opened = open_slide(path)
        opened.read_region(0, 0, 0, 500, 500)
    assert memory.grown_bytes < 2**29


def test_a_dicom_tile_of_all_the_pixels_there_can_be_is_refused(tmp_path):
    folder = make_dicom_slide(tmp_path / "slide", PICTURE, factors=(1,), label=False)
    dataset = pydicom.dcmread(folder / "level0.dcm")
    dataset.Rows = dataset.Columns = 65_535
    dataset.save_as(folder / "level0.dcm")
    with pytest.raises(InputError, match="tiles of 65,535 × 65,535 pixels"):
        open_slide(folder)


def test_a_dicom_slide_of_deeper_colour_is_refused_by_its_tags(tmp_path):
    folder = make_dicom_slide(tmp_path / "slide", PICTURE, factors=(1,), label=False)
    dataset = pydicom.dcmread(folder / "level0.dcm")
    dataset.SamplesPerPixel, dataset.BitsStored = 1, 16
    dataset.save_as(folder / "level0.dcm")
    with pytest.raises(InputError, match=r"got 1 \(0028,0002\) Samples per Pixel of 16 bits"):
        open_slide(folder)


def test_ome_xml_that_promises_thousands_of_millions_of_planes_costs_nothing(tmp_path):
    import tifffile

    words = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8" SizeX="700" SizeY="600" SizeC="3" SizeZ="1" '
        'SizeT="4000000000"><Channel ID="Channel:0:0" SamplesPerPixel="3"/><TiffData IFD="0" PlaneCount="4000000000"/>'
        "</Pixels></Image></OME>"
    )
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path) as writer:
        form = {"tile": (128, 128), "photometric": "rgb", "metadata": None}
        writer.write(PICTURE, subifds=1, description=words, **form)
        writer.write(PICTURE[::2, ::2], subfiletype=1, **form)
    with PeakMemory() as memory:
        opened = open_slide(path)
        np.testing.assert_array_equal(opened.read_region(0, 0, 0, 700, 600), PICTURE)
        opened.close()
    assert memory.grown_bytes < 2**27


@given(st.binary(max_size=400), st.sampled_from([b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_behind_a_tiff_s_first_four_are_a_slide_or_none(tmp_path_factory, rest, head):
    path = tmp_path_factory.getbasetemp() / "fuzzed.tif"
    path.write_bytes(head + rest)
    assert is_slide(path) in (True, False)
