"""Rows that are nearly the same: between parts they make a test worth less, so they are an error with the list.

Pictures are compared by perceptual hashes, as the model sees them; rows with more than a few (volumes, slides, long
documents) as wholes, by five of them. Rows without pictures are compared by the user's words.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from osler.adapt.data.example import Example
from osler.adapt.data.prints import BITS, MOST_BITS, Tell, alike, picture_print, refuse_missing, text_pairs, triples
from osler.adapt.data.row import Row, Rows, text_of
from osler.adapt.data.split import PARTS, Parts
from osler.errors import InputError
from osler.imaging.digest import pixels_sha256
from osler.tasks.own_data import Part
from osler.tasks.progress import Progress, no_progress

__all__ = ["COMPARING", "Across", "Alike", "Prints", "across_parts", "refuse_across", "together"]

COMPARING = "Looking for near-duplicates"
FEW = 4
"""Pictures of a row that are compared one by one; of more, so many are taken as a whole:"""
SAMPLED = 5
MOST_NAMED = 200

Kind = Literal["pictures", "texts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Rows that show or say nearly the same.

    Attributes:
        kind: what is alike.
        one, other: places in the data; each side's rows show the very same picture, or say the very same.
        likeness: share of equal bits of pictures' fingerprints, or of common runs of words; 1 for the same.
    """

    kind: Kind
    one: tuple[int, ...]
    other: tuple[int, ...]
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Across:
    """A row of one part that is nearly the same as one of another part.

    Attributes:
        rows: both.
        parts: theirs.
        likeness: as in `Alike`.
        contradicts: whether their classes differ besides.
    """

    rows: tuple[Row, Row]
    parts: tuple[Part, Part]
    likeness: float
    contradicts: bool

    def __str__(self) -> str:
        one, other = (f"{row.where} ({part})" for row, part in zip(self.rows, self.parts, strict=True))
        same = "the same" if self.likeness == 1 else f"{self.likeness:.0%} alike"
        return f"{one} and {other}: {same}{', of different classes' if self.contradicts else ''}"

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        rows = [
            {"number": row.number, "where": row.where, "part": part}
            for row, part in zip(self.rows, self.parts, strict=True)
        ]
        return {"rows": rows, "likeness": round(self.likeness, 4), "contradicts": self.contradicts}


class Prints:
    """Fingerprints of rows, taken while they are checked: give `add` to `check_rows` as its `watch`.

    Raises:
        MissingExtraError: the extra `adapt` is not installed.
    """

    def __init__(self) -> None:
        refuse_missing()
        self._places: dict[str, list[int]] = defaultdict(list)
        self._pictures: dict[str, np.ndarray] = {}  # by the digest of the pixels: [4] uint64
        self._wholes: dict[str, np.ndarray] = {}  # of rows with many pictures: [4 * SAMPLED] uint64
        self._texts: dict[str, frozenset[str]] = {}

    def add(self, place: int, example: Example) -> None:
        """Take the fingerprints of a row.

        Args:
            place: of the row in the data.
        """
        if not example.squares:
            said = "\n".join(text_of(turn) for turn in example.row.messages if turn["role"] == "user")
            self._texts.setdefault(said, triples(said))
            self._places[said].append(place)
        elif len(example.squares) <= FEW:
            for square in example.squares:
                self._add_picture(place, square)
        else:
            self._add_whole(place, example.squares)

    def pairs(self, *, progress: Progress = no_progress) -> tuple[Alike, ...]:
        """All rows of the data that are nearly the same as others, the likest first."""
        total = len(self._pictures) + len(self._wholes) + len(self._texts)
        behind = len(self._pictures), len(self._pictures) + len(self._wholes)
        found = [
            *(self._same("pictures", name) for name in (*self._pictures, *self._wholes)),
            *(self._same("texts", name) for name in self._texts),
            *self._near(self._pictures, 1, lambda done: progress(COMPARING, done, total)),
            *self._near(self._wholes, SAMPLED, lambda done: progress(COMPARING, behind[0] + done, total)),
            *self._near_texts(lambda done: progress(COMPARING, behind[1] + done, total)),
        ]
        real = [one for one in found if len({*one.one, *one.other}) > 1]
        return tuple(sorted(real, key=lambda one: (-one.likeness, one.one, one.other)))

    def _add_picture(self, place: int, square: np.ndarray) -> None:
        name = pixels_sha256(square)
        if name not in self._places:
            found = picture_print(square)
            if found is None:
                return
            self._pictures[name] = found
        if place not in self._places[name]:
            self._places[name].append(place)

    def _add_whole(self, place: int, squares: Sequence[np.ndarray]) -> None:
        chosen = [squares[round(index)] for index in np.linspace(0, len(squares) - 1, SAMPLED)]
        name = " ".join([str(len(squares)), *map(pixels_sha256, chosen)])
        self._places[name].append(place)
        if name not in self._wholes:
            blank = np.zeros(4, np.uint64)
            found = [picture_print(square) for square in chosen]
            self._wholes[name] = np.concatenate([blank if one is None else one for one in found])

    def _same(self, kind: Kind, name: str) -> Alike:
        places = tuple(self._places[name])
        return Alike(kind=kind, one=places, other=places, likeness=1.0)

    def _near(self, prints: dict[str, np.ndarray], pictures: int, tell: Tell) -> Iterable[Alike]:
        """Fingerprints, of so many pictures each, that are nearly the same."""
        names = list(prints)
        if len(names) < 2:
            return
        for one, other, bits in alike(np.stack(list(prints.values())), MOST_BITS * pictures, tell):
            yield self._pair("pictures", names[one], names[other], 1 - bits / (BITS * pictures))

    def _near_texts(self, tell: Tell) -> Iterable[Alike]:
        names = list(self._texts)
        for one, other, shared in text_pairs(list(self._texts.values()), tell):
            yield self._pair("texts", names[one], names[other], shared)

    def _pair(self, kind: Kind, one: str, other: str, likeness: float) -> Alike:
        sides = tuple(self._places[one]), tuple(self._places[other])
        return Alike(kind=kind, one=sides[0], other=sides[1], likeness=min(likeness, 0.9999))


def together(pairs: Iterable[Alike]) -> list[tuple[int, int]]:
    """Near-duplicates as pairs of places that `split_rows` keeps in one part."""
    return [pair for found in pairs for pair in _chained((*found.one, *found.other))]


def across_parts(rows: Rows, pairs: Iterable[Alike], parts: Parts) -> tuple[Across, ...]:
    """Near-duplicates that stand in different parts: each pair of rows once, what is trained on first.

    Args:
        rows: the data, whose places the pairs name.
    """
    part_of = {id(row): part for part in PARTS for row in parts.of(part)}
    found: dict[tuple[int, int], Across] = {}
    for pair in pairs:
        for one in pair.one:
            for other in pair.other:
                first, second = sorted((one, other), key=lambda place: (PARTS.index(part_of[id(rows[place])]), place))
                of = part_of[id(rows[first])], part_of[id(rows[second])]
                if of[0] != of[1]:
                    both = rows[first], rows[second]
                    found.setdefault((first, second), _across(both, of, pair.likeness))
    return tuple(found.values())


def refuse_across(found: Sequence[Across]) -> None:
    """Stop where parts share rows.

    Raises:
        InputError: with the list.
    """
    if not found:
        return
    told = "\n".join(f"  {one}" for one in found[:MOST_NAMED])
    more = f"\n  … and {len(found) - MOST_NAMED:,} more pairs" if len(found) > MOST_NAMED else ""
    raise InputError(
        f"cannot tune on these data: {len(found):,} pairs of rows are alike across parts:\n{told}{more}",
        hint="--group-duplicates puts near-duplicates into one part, --allow-duplicates goes on as it is",
    )


def _across(rows: tuple[Row, Row], parts: tuple[Part, Part], likeness: float) -> Across:
    labels = {row.label for row in rows if row.label is not None}
    return Across(rows=rows, parts=parts, likeness=likeness, contradicts=len(labels) > 1)


def _chained(places: Sequence[int]) -> Iterable[tuple[int, int]]:
    return ((one, other) for one, other in pairwise(places) if one != other)
