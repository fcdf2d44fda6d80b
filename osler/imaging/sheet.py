"""A contact sheet: many pictures on one, in panels with headings, for people.

::

    ┌──────────────────────────────┐
    │ heading of the first panel   │
    │ a line more                  │
    │ ┌────┐ ┌────┐ ┌────┐ ┌────┐  │
    │ │    │ │    │ │    │ │    │  │   pictures in reading order, shrunk to one side, never enlarged
    │ └────┘ └────┘ └────┘ └────┘  │
    │ SLICE 1  SLICE 2 …           │   a bright and a faint line below each
    │ heading of the next panel    │
    │ …                            │
    │ footer                       │
    └──────────────────────────────┘
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

__all__ = ["FAINT", "Cell", "Colour", "Line", "Panel", "draw_sheet", "spelt"]

Colour = tuple[int, int, int]

WIDTH_PX = 1680
MARGIN_PX = 24
GAP_PX = 12
PAPER: Colour = (24, 26, 30)
INK: Colour = (236, 238, 240)
FAINT: Colour = (156, 162, 170)
FRAME: Colour = (72, 76, 84)
ALARM: Colour = (255, 92, 92)
HEADING_PX, LINE_PX, LABEL_PX = 24, 17, 14
LEADING = 1.35
SIDES_PX = ((1, 896), (2, 804), (3, 536), (8, 399), (15, 316), (28, 222), (125, 192))
"""Up to so many pictures on a sheet have this side; more have the smallest."""
SMALLEST_PX = 150
SPELT = str.maketrans(
    {
        "×": "x",
        "µ": "u",
        "μ": "u",
        "−": "-",
        "–": "-",
        "—": "-",
        "→": "->",
        "≥": ">=",
        "≤": "<=",
        "ß": "ss",
        "ø": "o",
        "ł": "l",
    }
)
DRAWN = frozenset("…°·±“”‘’")
"""Characters beyond ASCII that Pillow's own font has; others are spelt otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text."""

    text: str
    colour: Colour = FAINT


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cell:
    """A picture with what stands below it.

    Attributes:
        pixels: [N, N, 3] uint8.
        label: the first line, bright.
        place: the second line, faint.
        is_wrong: whether it is crossed out: it is not the picture that it should be.
    """

    pixels: np.ndarray
    label: str
    place: str = ""
    is_wrong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """A heading, lines below it, pictures."""

    heading: str
    lines: tuple[Line, ...] = ()
    cells: tuple[Cell, ...] = ()


def draw_sheet(panels: Sequence[Panel], footer: str) -> np.ndarray:
    """Draw panels below one another, and a last line: [Y, X, 3] uint8."""
    side = _side([cell for panel in panels for cell in panel.cells])
    rehearsal = _Pen(None)
    _compose(rehearsal, panels, footer, side)
    sheet = Pillow.new("RGB", (WIDTH_PX, rehearsal.y + MARGIN_PX), PAPER)
    _compose(_Pen(sheet), panels, footer, side)
    return np.array(sheet)


def _side(cells: Sequence[Cell]) -> int:
    """The side of every picture: by how many there are, and no more than they have."""
    wanted = next((side for most, side in SIDES_PX if len(cells) <= most), SMALLEST_PX)
    return min([wanted, *(cell.pixels.shape[1] for cell in cells)])


def _compose(pen: "_Pen", panels: Sequence[Panel], footer: str, side: int) -> None:
    columns = max(1, (WIDTH_PX - 2 * MARGIN_PX + GAP_PX) // (side + GAP_PX))
    for panel in panels:
        pen.write(panel.heading, INK, HEADING_PX)
        for line in panel.lines:
            pen.write(line.text, line.colour, LINE_PX)
        pen.y += GAP_PX
        for start in range(0, len(panel.cells), columns):
            pen.put_row(panel.cells[start : start + columns], side)
        pen.y += GAP_PX
    pen.write(footer, FAINT, LINE_PX)


def spelt(text: str) -> str:
    """A text in letters that the font has: accents dropped, "?" for what has no other spelling.

    >>> spelt("Kühl – 10× à 0.5 µm… 脳")
    'Kuhl - 10x a 0.5 um… ?'
    """
    plain = "".join(
        letter if letter in DRAWN else unicodedata.normalize("NFKD", letter) for letter in text.translate(SPELT)
    )
    letters = (letter for letter in plain if not unicodedata.combining(letter))
    return "".join(letter if letter.isascii() or letter in DRAWN else "?" for letter in letters)


@cache
def font_of(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, decoded once a size."""
    return ImageFont.load_default(size_px)


class _Pen:
    """Writes and puts pictures from the top down; without a sheet it only measures.

    Attributes:
        y: where the next thing goes.
    """

    def __init__(self, sheet: Pillow.Image | None) -> None:
        self.y = MARGIN_PX
        self._sheet = sheet
        self._draw = None if sheet is None else ImageDraw.Draw(sheet)

    def write(self, text: str, colour: Colour, size_px: int) -> None:
        """Write a text over the whole width, on as many lines as it takes."""
        for line in _wrapped(spelt(text), size_px, WIDTH_PX - 2 * MARGIN_PX):
            self._line(line, MARGIN_PX, self.y, colour, size_px)
            self.y += round(size_px * LEADING)

    def put_row(self, cells: Sequence[Cell], side: int) -> None:
        """Put pictures beside each other, with their lines below."""
        for column, cell in enumerate(cells):
            x = MARGIN_PX + column * (side + GAP_PX)
            self._put(cell, x, side)
            below = self.y + side + 4
            self._line(_shortened(spelt(cell.label), LABEL_PX, side), x, below, INK, LABEL_PX)
            self._line(
                _shortened(spelt(cell.place), LABEL_PX, side), x, below + round(LABEL_PX * LEADING), FAINT, LABEL_PX
            )
        num_lines = 2 if any(cell.place for cell in cells) else 1
        self.y += side + 4 + num_lines * round(LABEL_PX * LEADING) + GAP_PX

    def _put(self, cell: Cell, x: int, side: int) -> None:
        if self._sheet is None or self._draw is None:
            return
        picture = Pillow.fromarray(cell.pixels)
        if picture.width != side:
            picture = picture.resize((side, side), Pillow.Resampling.BOX, reducing_gap=2.0)
        self._sheet.paste(picture, (x, self.y))
        edges = (x - 1, self.y - 1, x + side, self.y + side)
        self._draw.rectangle(edges, outline=ALARM if cell.is_wrong else FRAME)
        if cell.is_wrong:
            self._draw.line(edges, fill=ALARM, width=3)
            self._draw.line((edges[0], edges[3], edges[2], edges[1]), fill=ALARM, width=3)

    def _line(self, text: str, x: int, y: int, colour: Colour, size_px: int) -> None:
        if self._draw is not None and text:
            self._draw.text((x, y), text, fill=colour, font=font_of(size_px))


def _wrapped(text: str, size_px: int, width_px: int) -> list[str]:
    """A text on lines that are no wider than this; a word that is wider is shortened."""
    font = font_of(size_px)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width_px:
            lines[-1] = longer
        else:
            lines.append(_shortened(word, size_px, width_px))
    return [line for line in lines if line] or [""]


def _shortened(text: str, size_px: int, width_px: int) -> str:
    """A text cut at its end until it is no wider than this."""
    font = font_of(size_px)
    if font.getlength(text) <= width_px:
        return text
    kept = bisect_left(range(len(text)), True, key=lambda count: font.getlength(text[:count] + "…") > width_px)
    return text[: max(0, kept - 1)] + "…"
