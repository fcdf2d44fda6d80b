"""The order of a measurement: phase by phase, Osler and the peer in turns, never both at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from osler.bench.figures import Phase
from osler.bench.side import Side

__all__ = ["Step", "plan"]

TYPICAL_S: dict[Phase, tuple[float, float]] = {
    "image": (8, 30),
    "prefill": (11, 45),
    "decode": (6, 12),
    "question": (15, 40),
    "streams": (12, 25),
    "start": (4, 4),
    "memory": (20, 40),
}
"""About how long a run takes, Osler's and the peer's, with a 4B model on two cores. Only to guess what is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One run of a phase on one side; runs of the same `pair` follow each other and are compared."""

    side: Side
    phase: Phase
    pair: int
    typical_s: float


def plan(sides: Sequence[Side], phases: Sequence[Phase], repeat: int) -> list[Step]:
    """The steps in their order: of each phase every pair, of each pair side after side.

    A phase that the first side cannot run is left out; one that only the peer cannot run is run alone.
    """
    return [
        Step(side=side, phase=phase, pair=pair, typical_s=TYPICAL_S[phase][min(number, 1)])
        for phase in phases
        if phase in sides[0].phases
        for pair in range(repeat)
        for number, side in enumerate(sides)
        if phase in side.phases
    ]
