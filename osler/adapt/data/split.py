"""Rows in parts: what is trained on, what is watched while training, and what is kept for the end.

Parts are made by groups (`osler.adapt.data.groups`), never by rows. Where a group goes follows from the SHA-256 of its
name alone, so that rows that are added move none of those that were there::

    0 ───────── test ──────── test + validation ─────────────────────── 1
    │   test        │   validation        │   train                     │      SHA-256(seed/name) as a number in 0 … 1

Small data may so leave a class out of a part. A class that has two groups or more is therefore put into training and
test, and one of three or more into validation, too: the group whose number is nearest goes there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from osler.adapt.data.groups import RowGroups, groups_of_rows
from osler.adapt.data.row import Row, Rows
from osler.errors import InputError
from osler.tasks.own_data import Part

__all__ = ["PARTS", "Parts", "split_rows"]

PARTS: tuple[Part, ...] = ("train", "validation", "test")
MOST_CLASSES = 20
ROWS_A_CLASS = 4
"""Answers are taken for classes where there are at most so many, each with at least so many rows in the mean."""
MOST_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """Rows in parts, each in the order of the data.

    Attributes:
        train, validation, test: the rows; an empty part was not wanted.
        num_groups: how many groups each part has.
        by: by what rows were told apart, with how many rows each told.
        is_own: whether the data themselves name the parts.
    """

    train: Rows
    validation: Rows
    test: Rows
    num_groups: dict[Part, int]
    by: dict[str, int]
    is_own: bool

    def of(self, part: Part) -> Rows:
        """One part."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[part]

    def to_dict(self) -> dict[str, Any]:
        """Counts as plain values, for JSON; nothing of a row's own but its class."""
        counts = {
            part: {
                "rows": len(self.of(part)),
                "groups": self.num_groups[part],
                "classes": dict(Counter(row.label for row in self.of(part) if row.label is not None)),
            }
            for part in PARTS
        }
        return {"parts": counts, "kept_together_by": self.by, "named_by_the_data": self.is_own}


def split_rows(
    rows: Rows,
    *,
    test: float = 0.2,
    validation: float = 0.1,
    seed: int = 0,
    patients: str | None = None,
    together: Iterable[tuple[int, int]] = (),
) -> Parts:
    """Put rows into parts.

    Args:
        test, validation: shares of the groups, 0 for none. Where rows name their own parts these are kept, and a part
            that none names is taken out of training.
        seed: another one gives other parts.
        patients, together: as in `groups_of_rows`.

    Raises:
        InputError: a group stands in several of the parts that the data name, or only some rows name one; all such rows
            are told. Or the shares leave nothing to train on, or there are too few groups for the parts.
    """
    _check_shares(test, validation)
    groups = groups_of_rows(rows, patients=patients, together=together)
    is_own = any(row.part is not None for row in rows)
    own = _own_parts(rows, groups) if is_own else {}
    named = set(own.values())
    shares = {part: 0.0 if part in named else share for part, share in (("test", test), ("validation", validation))}
    free = {place: group for place, group in enumerate(groups.of) if own.get(group, "train") == "train"}
    parts = own | _drawn(rows, free, shares, seed)
    _refuse_empty(parts, {"train", *named, *(part for part, share in shares.items() if share)})
    chosen = {part: rows.chosen(_rows_in(part, rows, groups, parts)) for part in PARTS}
    return Parts(
        train=chosen["train"],
        validation=chosen["validation"],
        test=chosen["test"],
        num_groups={part: sum(one == part for one in parts.values()) for part in PARTS},
        by=dict(groups.by),
        is_own=is_own,
    )


def _check_shares(test: float, validation: float) -> None:
    if not (0 <= test < 1 and 0 <= validation < 1 and test + validation < 1):
        raise InputError(
            f"cannot split: a share of {test} for the test and {validation} for validation leave nothing to train on",
            hint="give shares from 0 that are below 1 together",
        )


def _rows_in(part: Part, rows: Rows, groups: RowGroups, parts: Mapping[str, Part]) -> list[Row]:
    return [row for row, group in zip(rows, groups.of, strict=True) if parts[group] == part]


def _own_parts(rows: Rows, groups: RowGroups) -> dict[str, Part]:
    """The part that the data name for each group."""
    unnamed = [row.where for row in rows if row.part is None]
    if unnamed:
        raise InputError(
            f"cannot split: {len(unnamed):,} of {len(rows):,} rows name no part in `split`: {_listed(unnamed)}",
            hint="name one in all rows, or in none",
        )
    members: dict[str, list[Row]] = defaultdict(list)
    for row, group in zip(rows, groups.of, strict=True):
        members[group].append(row)
    torn = [some for some in members.values() if len({row.part for row in some}) > 1]
    if torn:
        told = "\n".join(f"  {_sides(some)}" for some in torn[:MOST_NAMED])
        more = f"\n  … and {len(torn) - MOST_NAMED:,} more" if len(torn) > MOST_NAMED else ""
        raise InputError(
            f"cannot split: {len(torn):,} of {len(members):,} patients or groups stand in several parts:\n{told}{more}",
            hint="put all rows of a patient, and of a file, into one part; or leave `split` out",
        )
    return {group: some[0].part or "train" for group, some in members.items()}


def _sides(rows: Sequence[Row]) -> str:
    """Which rows of one group stand where: "train: line 3, line 4; test: line 9"."""
    by_part: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_part[str(row.part)].append(row.where)
    return "; ".join(f"{part}: {_listed(where, 5)}" for part, where in by_part.items())


def _drawn(rows: Rows, free: dict[int, str], shares: Mapping[str, float], seed: int) -> dict[str, Part]:
    """A part for each group that the data leave free, by its number, and so that classes are in all parts."""
    numbers = {group: _number(group, seed) for group in set(free.values())}
    parts: dict[str, Part] = {}
    for group, number in numbers.items():
        in_test, is_held = number < shares["test"], number < shares["test"] + shares["validation"]
        parts[group] = "test" if in_test else "validation" if is_held else "train"
    classes = _classes(rows)
    by_class: dict[str, set[str]] = defaultdict(set)
    for place, group in free.items():
        by_class[classes[place]].add(group)
    for label in sorted(by_class, key=lambda label: (len(by_class[label]), label)):
        _spread(parts, sorted(by_class[label], key=numbers.__getitem__), shares)
    return parts


def _spread(parts: dict[str, Part], groups: Sequence[str], shares: Mapping[str, float]) -> None:
    """Put a class that lacks in a part there, where it has a group to spare; groups are in the order of their numbers.

    Training comes first, then test, then validation.
    """

    def spare(part: Part) -> list[str]:
        """Groups that may leave their part, because the class has another one there."""
        counts = Counter(parts[group] for group in groups)
        return [group for group in groups if parts[group] != part and counts[parts[group]] > 1]

    if not any(parts[group] == "train" for group in groups) and len(groups) > 1:
        parts[groups[-1]] = "train"
    if shares["test"] and not any(parts[group] == "test" for group in groups) and spare("test"):
        parts[spare("test")[0]] = "test"
    if shares["validation"] and not any(parts[group] == "validation" for group in groups) and spare("validation"):
        parts[spare("validation")[0]] = "validation"


def _classes(rows: Rows) -> list[str]:
    """Each row's class: its label, or its answer where there are few; "" for all where there are many."""
    found = [row.label if row.label is not None else row.answer.casefold() for row in rows]
    num = len(set(found))
    return found if num <= MOST_CLASSES and len(rows) >= num * ROWS_A_CLASS else [""] * len(rows)


def _number(group: str, seed: int) -> float:
    """A number in 0 … 1 that follows from the name."""
    return int.from_bytes(sha256(f"{seed}/{group}".encode()).digest()[:8]) / 2**64


def _refuse_empty(parts: dict[str, Part], wanted: set[Part | str]) -> None:
    missing = [part for part in PARTS if part in wanted and part not in parts.values()]
    if missing:
        raise InputError(
            f"cannot split: there are {len(parts):,} patients or groups, too few for {len(wanted)} parts "
            f"(nothing is left for {' and '.join(missing)})",
            hint="add data, or ask for fewer parts, such as a validation share of 0",
        )


def _listed(where: Sequence[str], most: int = MOST_NAMED) -> str:
    more = f" and {len(where) - most:,} more" if len(where) > most else ""
    return ", ".join(where[:most]) + more
