"""What is written on a contact sheet: which series, which windows, which slices, and where each picture was taken."""

from collections.abc import Collection, Sequence

import numpy as np

from osler.imaging.overview import overview
from osler.imaging.sheet import Cell, Line, Panel, draw_sheet
from osler.tasks.view import View
from osler.values import ImagePart, ImageRecord, Origin, SourceRecord, TextPart

__all__ = ["labels_of", "origin_words", "sheet_of", "source_words"]

NOUNS = {"slice": "slice", "patch": "patch", "page": "page", "tile": "part", "frame": "frame"}
CHANNELS = (("red", (255, 128, 128)), ("green", (128, 224, 128)), ("blue", (140, 170, 255)))
MOST_WINDOWS = 4
LONGEST_LABEL = 24
"""Letters of a text that can be an image's label; a longer one is a sentence of its own."""


def sheet_of(
    views: Sequence[View],
    squares: Sequence[np.ndarray],
    records: Sequence[ImageRecord],
    *,
    titles: Sequence[str],
    footer: str,
    wrong: Collection[int] = (),
) -> np.ndarray:
    """Draw pictures as the model gets them, in panels by source: [Y, X, 3] uint8.

    Args:
        views: what is seen of each source.
        squares: [N, N, 3] uint8 for each of their images, in order.
        records: what was done to each image.
        titles: a name for each source.
        footer: the last line.
        wrong: images (from 0) that are crossed out.
    """
    panels, start = [], 0
    for view, title in zip(views, titles, strict=True):
        numbers = range(start, start + len(view.images))
        cells = tuple(
            Cell(
                pixels=squares[number],
                label=label or f"image {number + 1}",
                place=origin_words(records[number].origin),
                is_wrong=number in wrong,
            )
            for number, label in zip(numbers, labels_of(view.parts), strict=True)
        )
        own = [records[number] for number in numbers]
        map_of = _map(view.source, cells, own)
        panels.append(Panel(heading=_heading(view.source, title), lines=_lines(view.source, own), cells=map_of + cells))
        start = numbers.stop
    return draw_sheet(panels, footer)


def _map(source: SourceRecord, cells: Sequence[Cell], records: Sequence[ImageRecord]) -> tuple[Cell, ...]:
    """A slide's patches in their places, as a cell of its own."""
    size = source.choices.get("full_size_px")
    regions = [record.origin.region_px for record in records if record.origin and record.origin.region_px]
    if source.kind != "slide" or size is None or len(regions) != len(cells):
        return ()
    squares = [cell.pixels for cell in cells]
    pixels = overview(squares, regions, (int(size[0]), int(size[1])), squares[0].shape[0])
    return (Cell(pixels=pixels, label="where they lie", place="a map, not sent"),)


def labels_of(parts: Sequence[ImagePart | TextPart]) -> tuple[str, ...]:
    """The short text right after each image, "" where there is none.

    >>> from osler.values import Image
    >>> image = ImagePart(image=Image(pixels=np.zeros((1, 1, 3), np.uint8)))
    >>> labels_of([TextPart(text="Slices:"), image, TextPart(text="SLICE 1"), image])
    ('SLICE 1', '')
    """
    labels = []
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        if isinstance(part, ImagePart):
            text = following.text.strip() if isinstance(following, TextPart) else ""
            labels.append(text if len(text) <= LONGEST_LABEL else "")
    return tuple(labels)


def source_words(source: SourceRecord) -> str:
    """A source in one line, for people: what was taken of it, and why."""
    title = f"series {source.series}" if source.series else source.files[0].name if len(source.files) == 1 else "files"
    return _heading(source, title) + (f" ({source.reason})" if source.reason else "")


def origin_words(origin: Origin | None) -> str:
    """Where a picture was taken, in a few words.

    >>> origin_words(Origin(kind="slice", number=12, total=300, plane="axial", position_mm=-41.25))
    '12 of 300, -41.2 mm'
    >>> origin_words(Origin(kind="patch", number=3, total=9, region_px=(1792, 896, 896, 896), magnification=10.0))
    'x 1792, y 896'
    """
    if origin is None:
        return ""
    if origin.kind == "patch" and origin.region_px is not None:
        return f"x {origin.region_px[0]}, y {origin.region_px[1]}"
    if origin.kind == "tile" and origin.region_px is not None:
        x, y, width, height = origin.region_px
        return f"x {x}…{x + width}, y {y}…{y + height}"
    if origin.total == 1:
        return ""
    counted = f"{origin.number} of {origin.total}"
    if origin.position_mm is not None:
        return f"{counted}, {origin.position_mm:.1f} mm"
    return f"{NOUNS[origin.kind]} {counted}"


def _heading(source: SourceRecord, title: str) -> str:
    """Such as "series 3: volume, 85 of 300 slices"."""
    noun = {"volume": "slices", "slide": "patches", "document": "pages"}.get(source.kind)
    if noun is None or source.kind == "record":
        amount = f", {source.num_sent} images" if source.num_sent > 1 and source.kind != "record" else ""
        return f"{title}: {source.kind}{amount}"
    return f"{title}: {source.kind}, {source.num_sent} of {source.num_available} {noun}"


def _lines(source: SourceRecord, records: Sequence[ImageRecord]) -> tuple[Line, ...]:
    """Planes, windows, magnification, the reason, the notes."""
    origins = [record.origin for record in records if record.origin is not None]
    facts = list(dict.fromkeys(fact for origin in origins for fact in _facts(origin)))
    windows = list(dict.fromkeys(origin.windows for origin in origins if origin.windows))
    return (
        *([Line(text=", ".join(facts))] if facts else []),
        *(line for one in windows[:MOST_WINDOWS] for line in _window_lines(one)),
        *([Line(text=f"taken because: {source.reason}")] if source.reason and source.kind != "picture" else []),
        *(Line(text=f"note: {note}") for note in source.notes),
    )


def _facts(origin: Origin) -> list[str]:
    plane = [origin.plane] if origin.plane else []
    return plane + ([f"{origin.magnification:g}×"] if origin.magnification else [])


def _window_lines(windows: Sequence[tuple[float, float]]) -> list[Line]:
    """One window, or CT's three in the colours that they become."""
    if len(windows) != len(CHANNELS):
        return [Line(text=f"window {low:g} to {high:g}") for low, high in windows]
    return [
        Line(text=f"{name}: {low:g} to {high:g} HU", colour=colour)
        for (name, colour), (low, high) in zip(CHANNELS, windows, strict=True)
    ]
