"""What a program that is measured offers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from osler.bench.figures import Phase

__all__ = ["Figures", "Job", "Side"]

Figures = dict[str, float]
"""Figures by name; beside those of `osler.bench.figures` there may be others that explain them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of a phase.

    Attributes:
        image: a PNG of noise that no run before had; None where the phase or the model takes no image.
        warm_up_image: another.
    """

    phase: Phase
    image: Path | None
    warm_up_image: Path | None


class Side(Protocol):
    """A program that runs the model."""

    name: str

    @property
    def phases(self) -> tuple[Phase, ...]:
        """What it can be measured in."""
        ...

    def measure(self, job: Job) -> Figures:
        """Run one phase; OslerError where it fails."""
        ...

    def close(self) -> None:
        """End what still runs."""
        ...
