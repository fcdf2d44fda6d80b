"""What came out: medians, and ratios pair by pair."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from osler.bench.figures import FIGURES, Figure, Phase
from osler.bench.side import Figures

__all__ = ["Measurement", "Row", "details_of", "rows_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One run of a phase on one side.

    Attributes:
        pair: which round it belongs to; the other side's run of the same round came right before or after.
        figures: by name, empty where it failed.
        error: why it failed, or None.
    """

    side: str
    phase: Phase
    pair: int
    figures: Figures
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure with all that was measured of it, in order."""

    figure: Figure
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    ratios: tuple[float, ...]

    @property
    def our_median(self) -> float | None:
        return median(self.ours) if self.ours else None

    @property
    def their_median(self) -> float | None:
        return median(self.theirs) if self.theirs else None

    @property
    def ratio(self) -> float | None:
        """The median of the pairs' ratios."""
        return median(self.ratios) if self.ratios else None

    @property
    def is_met(self) -> bool | None:
        """Whether the figure's target is reached; None where that cannot be told."""
        return self.figure.target.is_met(self.our_median, self.ratio)


def rows_of(measurements: Iterable[Measurement], ours: str, theirs: str | None) -> list[Row]:
    """The figures of which anything was measured.

    Args:
        ours, theirs: the sides' names.
    """
    taken = list(measurements)
    rows = (_row(figure, taken, ours, theirs) for figure in FIGURES)
    return [row for row in rows if row.ours or row.theirs]


def details_of(measurements: Iterable[Measurement]) -> dict[str, dict[str, list[float]]]:
    """Values that are no figures of their own but explain them, by side and name."""
    known = {figure.name for figure in FIGURES}
    details: dict[str, dict[str, list[float]]] = {}
    for measurement in measurements:
        for name, value in measurement.figures.items():
            if name not in known:
                details.setdefault(measurement.side, {}).setdefault(name, []).append(value)
    return details


def _row(figure: Figure, taken: Sequence[Measurement], ours: str, theirs: str | None) -> Row:
    def values(side: str | None) -> dict[int, float]:
        return {m.pair: m.figures[figure.name] for m in taken if m.side == side and figure.name in m.figures}

    mine, other = values(ours), values(theirs)
    whole = [pair for pair in mine if min(mine[pair], other.get(pair, 0)) > 0]  # 0: shorter than its clock ticks
    ratios = tuple(figure.ratio(mine[pair], other[pair]) for pair in whole)
    return Row(figure=figure, ours=tuple(mine.values()), theirs=tuple(other.values()), ratios=ratios)
