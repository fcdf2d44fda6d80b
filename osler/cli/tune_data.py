"""Data for `osler tune`: read, checked, divided, shown."""

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from osler.cli.console import phases, print_data, print_json, print_note, print_text
from osler.errors import InputError

if TYPE_CHECKING:
    from osler.adapt.data.example import Examples
    from osler.adapt.data.faults import Faults
    from osler.adapt.data.row import Rows
    from osler.adapt.data.split import Parts
    from osler.cli.study import StudyChoices
    from osler.cli.tune import DataOptions
    from osler.tasks.model import Model
    from osler.tasks.study_options import StudyOptions

__all__ = ["Opened", "digest_of", "divided", "opened", "print_checked", "print_preview"]

PREVIEWED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Rows and the model that they are for, whose weights are not read.

    Attributes:
        rows: all of them.
        model: opened only.
        study: what is chosen of studies.
    """

    rows: "Rows"
    model: "Model"
    study: "StudyOptions"

    def examples(self, rows: "Rows") -> "Examples":
        """Some of the rows as the network is given them."""
        from osler.adapt.data.example import Examples

        return Examples(rows, self.model, study=self.study)


def opened(data: Path, model: str | None, reading: "DataOptions", study: "StudyChoices") -> Opened:
    """Read the rows and open the model.

    Raises:
        OslerError: there are no data, or no model.
    """
    from osler.adapt.data.read import read_rows
    from osler.tasks.load import open_model

    classes = tuple(name.strip() for name in (reading.classes or "").split(",") if name.strip())
    with phases() as report:
        rows = read_rows(data, question=reading.question, classes=classes, progress=report)
    return Opened(rows=rows, model=open_model(model), study=study.options())


def digest_of(found: Opened) -> str:
    """Of the rows and of what is chosen of their files."""
    return hashlib.sha256(f"{found.rows.digest()} {found.study!r}".encode()).hexdigest()


def divided(found: Opened, reading: "DataOptions", *, looks: bool = True) -> "tuple[Faults | None, Parts | None]":
    """Look at every row and divide them, with near-duplicates refused.

    Args:
        looks: else rows are only divided: they were looked at before.

    Returns:
        What is wrong with rows (nothing where they were not looked at), and the parts where nothing is.

    Raises:
        InputError: the rows cannot be divided so.
    """
    from osler.adapt.data.check import check_rows
    from osler.adapt.data.duplicates import Prints, across_parts, refuse_across, together
    from osler.adapt.data.split import split_rows

    prints = None if reading.allow_duplicates or not (looks or reading.group_duplicates) else Prints()
    faults: Faults | None = None
    if looks or prints is not None:
        with phases() as report:
            watch = prints.add if prints else None
            faults = check_rows(found.rows, found.examples(found.rows), progress=report, watch=watch)
        if faults:
            return faults, None
    pairs = prints.pairs() if prints else ()
    parts = split_rows(
        found.rows,
        test=reading.test_share,
        validation=reading.validation_share,
        seed=reading.split_seed,
        patients=reading.patients,
        together=together(pairs) if reading.group_duplicates else (),
    )
    refuse_across(across_parts(found.rows, pairs, parts))
    return faults, parts


def print_checked(found: Opened, reading: "DataOptions", *, test: Path | None, as_json: bool) -> None:
    """Say what is wrong with the data, or how they are divided; exit code 1 where a row cannot be used.

    Args:
        test: a folder to write the test part to, for `osler eval own`.
    """
    faults, parts = divided(found, reading)
    assert faults is not None
    told: dict[str, Any] = faults.to_dict() | {"digest": digest_of(found)}
    if parts is not None:
        told |= parts.to_dict()
    if as_json:
        print_json(told)
    else:
        print_text(faults.text)
        if parts is not None:
            print_parts(parts)
    if parts is not None and test is not None:
        write_test(parts, test, reading)
    if faults:
        raise typer.Exit(1)


def write_test(parts: "Parts", folder: Path, reading: "DataOptions") -> None:
    """Write the test part as data of `osler eval own`."""
    from osler.adapt.data.samples import write_samples

    samples = write_samples(parts.test, folder, patients=reading.patients)
    print_note(f"{samples.num_rows:,} rows of the test part: osler eval own --data {folder} --prompt plain")


def print_parts(parts: "Parts") -> None:
    """Say how rows are divided, on stderr."""
    for part, counts in parts.to_dict()["parts"].items():
        classes = ", ".join(f"{name} {number:,}" for name, number in counts["classes"].items())
        told = f": {classes}" if classes else ""
        print_note(f"{part:10} {counts['rows']:,} rows of {counts['groups']:,} groups{told}")


def print_preview(found: Opened, number: int | None, images: Path | None) -> None:
    """Show a row, or some from end to end of the data, as the network is given them.

    Args:
        number: which row; None for some.
        images: a folder for their pictures as the vision tower sees them.

    Raises:
        InputError: there is no such row.
    """
    from osler.adapt.data.preview import preview_rich, preview_text, spread_rows, write_images

    rows = spread_rows(found.rows, PREVIEWED) if number is None else [row for row in found.rows if row.number == number]
    if not rows:
        raise InputError(f"there is no row {number:,} that can be used", hint="--check names the others")
    examples, tokenizer = found.examples(found.rows), found.model.tokenizer
    for row in rows:
        example = examples.make(row)
        if sys.stdout.isatty():
            print_data(preview_rich(example, tokenizer))
        else:
            print_text(preview_text(example, tokenizer))
        if images is not None:
            for path in write_images(example, images):
                print_note(f"wrote {path}", style="dim")
