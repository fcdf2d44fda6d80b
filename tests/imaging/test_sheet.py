"""The contact sheet."""

import numpy as np
import pytest

from osler.imaging.sheet import ALARM, MARGIN_PX, PAPER, WIDTH_PX, Cell, Line, Panel, draw_sheet


def square(level: int, side: int = 64) -> np.ndarray:
    return np.full((side, side, 3), level, np.uint8)


def cells(*levels: int, **more) -> tuple[Cell, ...]:
    return tuple(Cell(pixels=square(level), label=f"SLICE {level}", **more) for level in levels)


def places_of(sheet: np.ndarray, level: int) -> tuple[int, int, int]:
    """Where a grey of this level begins, and how many pixels have it."""
    rows, columns = np.nonzero((sheet == level).all(axis=-1))
    return int(rows.min()), int(columns.min()), len(rows)


def test_pictures_stand_whole_and_unchanged_in_reading_order():
    sheet = draw_sheet([Panel(heading="series 3", cells=cells(101, 102, 103))], "footer")
    found = [places_of(sheet, level) for level in (101, 102, 103)]
    assert [count for _, _, count in found] == [64 * 64] * 3
    assert found[0][0] == found[1][0] == found[2][0]
    assert found[0][1] < found[1][1] < found[2][1]


def test_a_row_that_is_full_goes_on_below():
    levels = range(100, 130)
    sheet = draw_sheet([Panel(heading="many", cells=cells(*levels))], "footer")
    rows = [places_of(sheet, level)[0] for level in levels]
    columns = [places_of(sheet, level)[1] for level in levels]
    assert len(set(rows)) == 2
    assert columns[rows.index(max(rows))] == columns[0] == MARGIN_PX


def test_a_large_picture_is_shrunk_and_a_small_one_is_not_enlarged():
    pictures = tuple(Cell(pixels=square(200, 896), label="a") for _ in range(4))
    sheet = draw_sheet([Panel(heading="four", cells=pictures)], "footer")
    assert sheet.shape[1] == WIDTH_PX
    assert places_of(sheet, 200)[2] < 4 * 896 * 896
    single = draw_sheet([Panel(heading="one", cells=cells(200))], "footer")
    assert places_of(single, 200)[2] == 64 * 64


def test_panels_stand_below_each_other_with_their_texts():
    plain = draw_sheet([Panel(heading="one", cells=cells(101))], "footer")
    both = draw_sheet([Panel(heading="one", cells=cells(101)), Panel(heading="two", cells=cells(102))], "footer")
    assert places_of(both, 102)[0] > places_of(both, 101)[0] + 64
    assert (both[: places_of(both, 101)[0] + 64] == plain[: places_of(plain, 101)[0] + 64]).all()


def test_a_line_has_its_own_colour():
    colour = (250, 10, 250)
    sheet = draw_sheet([Panel(heading="one", lines=(Line(text="red -1024 to 1024 HU", colour=colour),))], "footer")
    assert (sheet == colour).all(axis=-1).any()


def test_a_wrong_picture_is_crossed_out():
    sheet = draw_sheet([Panel(heading="one", cells=cells(101, is_wrong=True))], "footer")
    assert (sheet == ALARM).all(axis=-1).sum() > 128
    assert places_of(sheet, 101)[2] < 64 * 64


@pytest.mark.parametrize("words", ["word " * 200, "x" * 2000])
def test_a_long_text_takes_more_lines_and_never_runs_over_the_edge(words):
    sheet = draw_sheet([Panel(heading="one", lines=(Line(text=words),))], words)
    assert (sheet[:, -MARGIN_PX + 1 :] == PAPER).all()


def test_without_pictures_the_texts_are_drawn():
    assert (draw_sheet([Panel(heading="bundle.json: record")], "footer") != PAPER).any()
