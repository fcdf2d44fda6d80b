"""DICOM's tables: palettes (PS3.3 C.7.6.3.1.5, C.7.9) and the Modality LUT (C.11.1).

Tables have at most 65,536 entries, however long a damaged file says that they are, and are applied to a few rows at a
time.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from osler.formats.dicom_values import sequence, tag_name

__all__ = ["Table", "TableError", "look_up", "modality_table", "palette"]

MAX_ENTRIES = 65_536
MAX_SEGMENTS = 65_536
MAX_TABLE_BYTES = 2**18
BAND_ROWS = 256
COLOURS = ("Red", "Green", "Blue")
DISCRETE, LINEAR, INDIRECT = 0, 1, 2


class TableError(ValueError):
    """A table that cannot be used; the message names its tag."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Entries [N] uint8 or uint16; `first` is the stored value that the first entry is for."""

    entries: np.ndarray
    first: int


def palette(dataset: Dataset, *, big_endian: bool) -> tuple[Table, ...]:
    """The tables of red, green and blue.

    Raises:
        TableError: missing or damaged.
    """
    return tuple(_colour_table(dataset, colour, big_endian) for colour in COLOURS)


def modality_table(dataset: Dataset, *, big_endian: bool) -> Table | None:
    """The Modality LUT Sequence's table, None where there is none.

    Raises:
        TableError: damaged.
    """
    for item in sequence(dataset, "ModalityLUTSequence")[:1]:
        count, first, bits = _descriptor(item, "LUTDescriptor", dataset)
        return Table(entries=_entries(item, "LUTData", count, bits, big_endian), first=first)
    return None


def look_up(stored: np.ndarray, tables: tuple[Table, ...]) -> np.ndarray:
    """Replace [Y, X] stored values by their entries: [Y, X, N] for N tables.

    Values below the first entry's and beyond the last's get those (C.11.1.1.1).
    """
    kind = np.result_type(*(table.entries.dtype for table in tables))
    out = np.empty((*stored.shape, len(tables)), kind)
    for start in range(0, stored.shape[0], BAND_ROWS):
        band = stored[start : start + BAND_ROWS].astype(np.int64)
        for channel, table in enumerate(tables):
            index = np.clip(band - table.first, 0, len(table.entries) - 1)
            out[start : start + BAND_ROWS, :, channel] = table.entries[index]
    return out


def _colour_table(dataset: Dataset, colour: str, big_endian: bool) -> Table:
    count, first, bits = _descriptor(dataset, f"{colour}PaletteColorLookupTableDescriptor", dataset)
    segmented = f"Segmented{colour}PaletteColorLookupTableData"
    if segmented in dataset:
        words = _entries(dataset, segmented, MAX_TABLE_BYTES, bits, big_endian)
        expanded = np.array(_expand(words.tolist(), words.itemsize, segmented)[:MAX_ENTRIES])
        return Table(entries=expanded.astype(words.dtype), first=first)
    entries = _entries(dataset, f"{colour}PaletteColorLookupTableData", count, bits, big_endian)
    return Table(entries=entries, first=first)


def _descriptor(item: Dataset, keyword: str, image: Dataset) -> tuple[int, int, int]:
    """Number of entries, first stored value, bits an entry."""
    try:
        count, first, bits = (int(value) for value in item[keyword].value)
    except Exception:  # missing, damaged or of another number of values
        raise TableError(f"{tag_name(keyword)} is missing or damaged") from None
    if bits not in range(8, 17):
        raise TableError(f"{tag_name(keyword)} gives {bits} bits an entry, expected 8 to 16")
    signed = image.get("PixelRepresentation", 0) == 1
    first = first - 65_536 if signed and first > 32_767 else first + 65_536 if first < 0 and not signed else first
    return (count & 0xFFFF) or MAX_ENTRIES, first, bits


def _entries(item: Dataset, keyword: str, count: int, bits: int, big_endian: bool) -> np.ndarray:
    """At most `count` entries; 8-bit ones may stand two in a 16-bit word, or one in each."""
    try:
        form, value = item[keyword].VR, item[keyword].value
        words = _words(value, count, bits, form, big_endian)
    except Exception:
        raise TableError(f"{tag_name(keyword)} is missing or damaged") from None
    if not len(words):
        raise TableError(f"{tag_name(keyword)} is empty")
    return words.astype(np.uint8) if bits == 8 and words.max() < 256 else words


def _words(value: Any, count: int, bits: int, form: str, big_endian: bool) -> np.ndarray:
    if isinstance(value, int | MultiValue | list):
        return np.atleast_1d(np.array(value, np.int64)).astype(np.uint16)[:count]
    content = value[:MAX_TABLE_BYTES]
    is_bytes = bits == 8 and (count >= MAX_TABLE_BYTES or len(content) < 2 * count)
    if not is_bytes or (big_endian and form == "OW"):
        words = np.frombuffer(content[: len(content) // 2 * 2], ">u2" if big_endian else "<u2").astype("<u2")
        return words.view(np.uint8)[:count] if is_bytes else words[:count]
    return np.frombuffer(content, np.uint8)[:count]


def _expand(words: list[int], width: int, keyword: str) -> list[int]:
    """Write out a segmented table: runs given value by value, straight lines, and repeats of earlier segments."""
    entries: list[int] = []
    position, back, left = 0, None, 0
    for _ in range(MAX_SEGMENTS):
        if position + 2 > len(words) or len(entries) >= MAX_ENTRIES:
            return entries
        kind, count = words[position : position + 2]
        if kind == INDIRECT and back is None and count:
            back, left = position + 2 + 4 // width, count
            position = _offset(words[position + 2 : back], width)
            continue
        if kind == DISCRETE:
            entries += words[position + 2 : position + 2 + count]
            position += 2 + count
        elif kind == LINEAR and entries and count and position + 2 < len(words):
            low, high = entries[-1], words[position + 2]
            entries += [round(low + (high - low) * step / count) for step in range(1, count + 1)]
            position += 3
        else:
            break
        left -= 1
        if back is not None and left == 0:
            position, back = back, None
    raise TableError(f"{tag_name(keyword)} is damaged")


def _offset(words: list[int], width: int) -> int:
    """From bytes, least significant word first, to a place among the words."""
    return sum(word << (8 * width * index) for index, word in enumerate(words)) // width
