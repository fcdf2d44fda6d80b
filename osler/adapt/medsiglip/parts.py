"""Which rows are learnt from and which are only measured on, by the rules that all tuning has (docs/tuning-data.md)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from osler.adapt.data.duplicates import Alike, Prints, across_parts, refuse_across, together
from osler.adapt.data.example import Example
from osler.adapt.data.groups import groups_of_rows
from osler.adapt.data.row import Row, Rows
from osler.adapt.data.split import PARTS, split_rows
from osler.adapt.medsiglip.pair import Pair
from osler.adapt.medsiglip.prepared import Prepared
from osler.adapt.medsiglip.read import Pairs
from osler.tasks.progress import Progress, no_progress

__all__ = ["Duplicates", "divide", "find_alike", "with_parts"]

Duplicates = Literal["refuse", "group", "allow"]
"""What is done with pictures of different parts that look the same."""

FLATTERED = (
    "{count:,} rows are told apart by their files only: several pictures of one patient in different parts would "
    "flatter all figures; a column patient, or --patients, says whose each is"
)


def divide(
    pairs: Pairs,
    *,
    validation: float,
    test: float,
    patients: str | None = None,
    alike: Sequence[Alike] = (),
    duplicates: Duplicates = "allow",
) -> Pairs:
    """Rows with the part and the group of each.

    Args:
        validation, test: shares of the groups; the parts that the data name are kept.
        patients: how to tell whose a file is.
        alike: rows that look the same.
        duplicates: what is done with them.

    Raises:
        InputError: a patient stands in two parts that the data name, there are too few, or parts share pictures.
    """
    rows = rows_of(pairs)
    linked = together(alike) if duplicates == "group" else ()
    parts = split_rows(rows, validation=validation, test=test, patients=patients, together=linked)
    if duplicates != "allow":
        refuse_across(across_parts(rows, alike, parts))
    part_of = {row.number: part for part in PARTS for row in parts.of(part)}
    groups = groups_of_rows(rows, patients=patients, together=linked)
    divided = [
        replace(row, part=part_of[row.number], group=group) for row, group in zip(pairs.rows, groups.of, strict=True)
    ]
    flattered = (FLATTERED.format(count=groups.by["file"]),) if "file" in groups.by else ()
    return replace(pairs, rows=tuple(divided), grouped_by=dict(groups.by), notes=(*pairs.notes, *flattered))


def find_alike(pairs: Pairs, prepared: Prepared, *, progress: Progress = no_progress) -> tuple[Alike, ...]:
    """Rows whose pictures are nearly the same, as `osler.adapt.data.duplicates` compares them.

    Args:
        prepared: the squares of all rows.

    Raises:
        MissingExtraError: the extra `adapt` is not installed.
    """
    prints = Prints()
    for place, (row, squares) in enumerate(zip(rows_of(pairs), _squares_by_row(pairs, prepared), strict=True)):
        nothing = np.empty(0, np.int32)
        prints.add(place, Example(row=row, ids=nothing, learned=nothing.astype(bool), squares=squares, images=()))
    return prints.pairs(progress=progress)


def with_parts(prepared: Prepared, pairs: Pairs) -> Prepared:
    """Pictures with the rows as they are after dividing."""
    by_number = {row.number: row for row in pairs.rows}
    return replace(prepared, pairs=tuple(by_number[pair.number] for pair in prepared.pairs))


def rows_of(pairs: Pairs) -> Rows:
    """The rows as other tuning has them: the words or labels stand in the place of an answer."""
    rows = tuple(
        Row(
            number=pair.number,
            where=pair.where,
            messages=({"role": "assistant", "content": _answer(pair)},),
            files=(pair.file,),
            group=pair.group,
            part=pair.part,
            label=pair.labels[0] if len(pair.labels) == 1 else None,
        )
        for pair in pairs.rows
    )
    return Rows(place=pairs.source, rows=rows, classes=pairs.labels)


def _answer(pair: Pair) -> str:
    """What stands in the place of an answer: labels, or the first text; "" where no label holds."""
    return " | ".join(pair.labels) or next((caption.text for caption in pair.captions), "")


def _squares_by_row(pairs: Pairs, prepared: Prepared) -> Iterator[tuple[np.ndarray, ...]]:
    places: dict[int, list[int]] = {}
    for place, pair in enumerate(prepared.pairs):
        places.setdefault(pair.number, []).append(place)
    for row in pairs.rows:
        yield tuple(prepared.look(places[row.number]))
