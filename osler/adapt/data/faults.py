"""Rows that cannot be used: each with its number and a reason, and never with a value of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from osler.errors import InputError, OslerError
from osler.formats.lines import LineError

__all__ = ["Fault", "Faults", "in_order"]

HINT = "docs/tuning-data.md shows rows of every kind"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One row that cannot be used.

    Attributes:
        number: as in `Row`; 0 for the data as a whole.
        where: how a person finds it: "line 14", or a file's path below the folder.
        reason: why, in words; it holds names of files and fields, sizes and types.
    """

    number: int
    where: str
    reason: str

    @classmethod
    def of_line(cls, error: LineError) -> "Fault":
        """What is wrong with a line that gives no row."""
        return cls(number=error.number, where=error.where.rsplit(", ", 1)[-1], reason=error.why)

    @classmethod
    def of_error(cls, number: int, where: str, error: OslerError) -> "Fault":
        """What was raised when a row was made ready."""
        return cls(number=number, where=where, reason=error.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """All that is wrong with data.

    Attributes:
        faults: in the order of the rows.
        num_rows: how many rows there are, good and bad.
    """

    faults: tuple[Fault, ...]
    num_rows: int

    def __bool__(self) -> bool:
        return bool(self.faults)

    @property
    def text(self) -> str:
        """For people: a line for each row, all of them.

        >>> print(Faults(faults=(Fault(number=2, where="line 2", reason="the answer is empty"),), num_rows=9).text)
        1 of 9 rows cannot be used:
          line 2: the answer is empty
        """
        if not self.faults:
            return f"all {self.num_rows:,} rows can be used"
        bad = len({fault.where for fault in self.faults})
        head = f"{bad:,} of {self.num_rows:,} rows cannot be used:"
        return "\n".join([head, *(f"  {fault.where}: {_indented(fault.reason)}" for fault in self.faults)])

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "num_rows": self.num_rows,
            "num_bad": len({fault.where for fault in self.faults}),
            "faults": [{"number": fault.number, "where": fault.where, "reason": fault.reason} for fault in self.faults],
        }

    def refuse(self) -> None:
        """Stop here if anything is wrong.

        Raises:
            InputError: with all rows.
        """
        if self.faults:
            raise InputError(f"cannot tune on these data: {self.text}", hint=HINT)


def in_order(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Faults by row, each once."""
    return tuple(sorted(dict.fromkeys(faults)))


def _indented(reason: str) -> str:
    return reason.replace("\n", "\n    ")
