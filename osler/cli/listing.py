"""`osler show --list`: the studies and series among files, and which of them would be taken."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from osler.cli.console import phases, print_data, print_json, print_note, print_text, text_width

if TYPE_CHECKING:
    from rich.table import Table

    from osler.tasks.contents import Contents
    from osler.tasks.listing import SeriesRow
    from osler.tasks.study_options import StudyOptions

__all__ = ["list_studies"]


def list_studies(files: Sequence[str], options: "StudyOptions", *, as_json: bool) -> None:
    """Print a table for each study, and a line for every other file."""
    from osler.tasks.contents import contents_of

    with phases() as report:
        contents = contents_of(list(files), options, progress=report)
    if as_json:
        print_json(contents)
        return
    print_contents(contents)


def print_contents(contents: "Contents") -> None:
    """For each study its table, and below it a line on each series; then the other files."""
    for rows in by_study(contents.rows):
        print_text(f"study {rows[0].study}")
        print_data(table_of(rows))
        print_text("")
        for line in notes_of(rows):
            print_text(line)
    if contents.rows and not any(row.is_chosen for row in contents.rows):
        print_text("None would be taken by itself: name one with --series, by its number or digest.\n")
    for file in contents.files:
        print_text(f"{file.kind:<10}{file.shown}")
    for note in contents.notes:
        print_note(f"note: {note}", style="yellow")


def notes_of(rows: "Sequence[SeriesRow]") -> Iterator[str]:
    """A line or more on each series of which there is something to say, and an empty one after them."""
    from textwrap import fill

    noted = [row for row in rows if row.note]
    for row in noted:
        name = f"{'*' if row.is_chosen else ' '} {row.name}: "
        yield fill(name + row.note, text_width(), subsequent_indent=" " * len(name), break_on_hyphens=False)
    if noted:
        yield ""


def by_study(rows: "Sequence[SeriesRow]") -> "list[list[SeriesRow]]":
    """Rows of one study together, in their order."""
    studies: dict[str, list[SeriesRow]] = {}
    for row in rows:
        studies.setdefault(row.study, []).append(row)
    return list(studies.values())


def table_of(rows: "Sequence[SeriesRow]") -> "Table":
    """One line for each series; the star says which would be taken."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("", no_wrap=True)
    for title in ("SERIES", "DIGEST", "KIND", "IMAGES", "PLANE", "SIZE px", "SPACING mm"):
        table.add_column(title, no_wrap=True, justify="right" if title == "IMAGES" else "left")
    for row in rows:
        table.add_row(*cells_of(row))
    return table


def cells_of(row: "SeriesRow") -> list[Any]:
    spacing = " × ".join(f"{step:.3g}" for step in row.spacing_mm) if row.spacing_mm else ""
    kind = f"{row.modality} {row.kind}".strip()
    size = f"{row.width_px} × {row.height_px}" if row.width_px else ""
    star = "*" if row.is_chosen else ""
    return [star, row.name, row.digest, kind, str(row.num_images or ""), row.plane, size, spacing]
