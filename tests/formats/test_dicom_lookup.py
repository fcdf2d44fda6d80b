import struct

import numpy as np
import pytest
from pydicom.dataset import Dataset

from osler.formats.dicom_lookup import Table, TableError, look_up, modality_table, palette

COLOURS = ("Red", "Green", "Blue")


def with_tables(descriptor, *contents: bytes, segmented: bool = False, form: str = "OW") -> Dataset:
    dataset = Dataset()
    dataset.PixelRepresentation = 0
    for colour, content in zip(COLOURS, contents, strict=True):
        prefix = "Segmented" if segmented else ""
        dataset.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", list(descriptor))
        dataset.add_new(f"{prefix}{colour}PaletteColorLookupTableData", form, content)
    return dataset


def red(dataset: Dataset, **options) -> list[int]:
    return palette(dataset, **({"big_endian": False} | options))[0].entries.tolist()


def test_8_bit_entries_stand_two_in_a_word():
    dataset = with_tables((3, 0, 8), b"\x01\x02\x03\0", b"\x04\x05\x06\0", b"\x07\x08\x09\0")
    assert [table.entries.tolist() for table in palette(dataset, big_endian=False)] == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert palette(dataset, big_endian=False)[0].entries.dtype == np.uint8


def test_8_bit_entries_in_words_of_their_own_are_taken_out():
    assert red(with_tables((4, 0, 8), *[struct.pack("<4H", 1, 2, 3, 255)] * 3)) == [1, 2, 3, 255]


def test_16_bit_entries_keep_all_their_bits():
    tables = palette(with_tables((2, 0, 16), *[struct.pack("<2H", 5, 65_535)] * 3), big_endian=False)
    assert tables[0].entries.tolist() == [5, 65_535]
    assert tables[0].entries.dtype == np.uint16


def test_big_endian_words_are_turned_round():
    assert red(with_tables((2, 0, 16), *[struct.pack(">2H", 5, 258)] * 3), big_endian=True) == [5, 258]
    assert red(with_tables((4, 0, 8), *[b"\x02\x01\x04\x03"] * 3), big_endian=True) == [1, 2, 3, 4]


def test_a_length_of_zero_means_65536_entries():
    assert len(red(with_tables((0, 0, 16), *[bytes(2 * 65_536)] * 3))) == 65_536


def test_a_table_is_no_longer_than_it_says():
    assert red(with_tables((2, 0, 16), *[struct.pack("<4H", 1, 2, 3, 4)] * 3)) == [1, 2]


def test_segments_are_written_out():
    """Two values, a line of four more up to 100, and the line again (PS3.3 C.7.9.2)."""
    words = [0, 2, 10, 20, 1, 4, 100, 2, 1, 8, 0]
    expected = [10, 20, 40, 60, 80, 100, 100, 100, 100, 100]
    assert red(with_tables((10, 0, 16), *[struct.pack("<11H", *words)] * 3, segmented=True)) == expected


def test_8_bit_segments_have_their_offset_in_four_bytes():
    content = bytes([0, 2, 10, 20, 2, 1, 0, 0, 0, 0])
    assert red(with_tables((4, 0, 8), *[content] * 3, segmented=True)) == [10, 20, 10, 20]


@pytest.mark.parametrize(
    "words",
    [
        [1, 3, 50],  # a line from nowhere
        [7, 1, 1],  # no such kind
        [0, 1, 5, 2, 1, 6, 0, 0, 0],  # a repeat of itself
        [0, 0] * 70_000,  # segments of nothing without end
    ],
)
def test_damaged_segments_are_refused_by_tag(words):
    dataset = with_tables((4, 0, 16), *[struct.pack(f"<{len(words)}H", *words)] * 3, segmented=True)
    with pytest.raises(TableError, match=r"\(0028,1221\) Segmented Red Palette Color Lookup Table Data is damaged"):
        palette(dataset, big_endian=False)


def test_segments_that_would_fill_gigabytes_end_at_the_longest_table():
    words = [0, 1, 0] + [1, 65_535, 9] * 20_000
    dataset = with_tables((4, 0, 16), *[struct.pack(f"<{len(words)}H", *words)] * 3, segmented=True)
    assert len(red(dataset)) == 65_536


def test_missing_tables_are_named():
    with pytest.raises(TableError, match=r"\(0028,1101\) Red Palette Color Lookup Table Descriptor is missing"):
        palette(Dataset(), big_endian=False)


def test_impossible_depths_are_refused():
    with pytest.raises(TableError, match="gives 77 bits an entry"):
        palette(with_tables((2, 0, 77), *[b"\0\0"] * 3), big_endian=False)


def test_values_outside_the_table_get_its_ends():
    table = Table(entries=np.array([7, 8, 9], np.uint8), first=10)
    stored = np.array([[0, 10, 11, 12, 500]], np.int16)
    assert look_up(stored, (table,))[:, :, 0].tolist() == [[7, 7, 8, 9, 9]]


def test_the_first_stored_value_may_be_negative():
    item = Dataset()
    item.add_new("LUTDescriptor", "SS", [3, -1, 16])
    item.add_new("LUTData", "US", [100, 200, 300])
    dataset = Dataset()
    dataset.PixelRepresentation = 1
    dataset.ModalityLUTSequence = [item]
    table = modality_table(dataset, big_endian=False)
    assert look_up(np.array([[-1, 0, 1]], np.int16), (table,))[:, :, 0].tolist() == [[100, 200, 300]]


def test_an_unsigned_first_value_beyond_32767_is_not_negative():
    dataset = with_tables((2, 40_000, 16), *[struct.pack("<2H", 1, 2)] * 3)
    assert palette(dataset, big_endian=False)[0].first == 40_000


def test_without_a_modality_lut_there_is_none():
    assert modality_table(Dataset(), big_endian=False) is None


def test_tall_pictures_are_looked_up_throughout():
    table = Table(entries=np.arange(256, dtype=np.uint8)[::-1].copy(), first=0)
    stored = np.repeat((np.arange(1000) % 256).astype(np.uint8)[:, None], 2, axis=1)
    assert np.array_equal(look_up(stored, (table,))[:, :, 0], 255 - stored)
