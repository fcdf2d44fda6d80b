"""What is measured, in which unit, and what Osler aims at."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["FIGURES", "IMAGE_PHASES", "PHASES", "Figure", "Phase", "Target", "figures_of"]

Phase = Literal["image", "prefill", "decode", "question", "streams", "start", "memory"]
PHASES: tuple[Phase, ...] = ("image", "prefill", "decode", "question", "streams", "start", "memory")
"""Steps of a measurement, in the order in which they are taken; one run of a phase gives one or more figures."""

IMAGE_PHASES: frozenset[Phase] = frozenset({"image", "question", "memory"})
"""Phases that need vision weights."""

Unit = Literal["s", "tok/s", "GiB"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What Osler aims at with MedGemma 4B, held against the ratio to the peer or, with `of="value"`, the figure itself.

    Attributes:
        sign: on which side of the number the goal lies.
    """

    sign: Literal["≥", "≤", "<"]
    number: float
    of: Literal["ratio", "value"] = "ratio"

    def is_met(self, value: float | None, ratio: float | None) -> bool | None:
        """Whether it is reached; None where there is nothing to hold it against."""
        held = ratio if self.of == "ratio" else value
        if held is None:
            return None
        return {"≥": held >= self.number, "≤": held <= self.number, "<": held < self.number}[self.sign]

    def text(self, unit: Unit) -> str:
        """ "≥ 3×" or "< 4 s"."""
        return f"{self.sign} {self.number:g}{'×' if self.of == 'ratio' else ' ' + unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number that is measured."""

    name: str
    title: str
    phase: Phase
    unit: Unit
    target: Target

    def ratio(self, ours: float, theirs: float) -> float:
        """How many times as fast Osler is as the peer; for memory, how many times as much it takes.

        >>> seconds, memory = FIGURES[0], FIGURES[-1]
        >>> seconds.ratio(8, 24), memory.ratio(3, 6)
        (3.0, 0.5)
        """
        return theirs / ours if self.unit == "s" else ours / theirs


FIGURES: tuple[Figure, ...] = (
    Figure(name="image_s", title="image encoding", phase="image", unit="s", target=Target(sign="≥", number=3)),
    Figure(
        name="prefill_256_tok_s",
        title="prefill, 256 tokens",
        phase="prefill",
        unit="tok/s",
        target=Target(sign="≥", number=1.9),
    ),
    Figure(
        name="prefill_1024_tok_s",
        title="prefill, 1,024 tokens",
        phase="prefill",
        unit="tok/s",
        target=Target(sign="≥", number=1.9),
    ),
    Figure(
        name="decode_tok_s",
        title="decode, one stream",
        phase="decode",
        unit="tok/s",
        target=Target(sign="≥", number=0.8),
    ),
    Figure(
        name="question_s",
        title="image question, 64 tokens out",
        phase="question",
        unit="s",
        target=Target(sign="≥", number=2),
    ),
    Figure(
        name="streams_tok_s",
        title="decode, eight streams",
        phase="streams",
        unit="tok/s",
        target=Target(sign="≥", number=2),
    ),
    Figure(
        name="start_s",
        title="warm start to first token",
        phase="start",
        unit="s",
        target=Target(sign="<", number=4, of="value"),
    ),
    Figure(
        name="memory_gib",
        title="peak memory, image question",
        phase="memory",
        unit="GiB",
        target=Target(sign="≤", number=1),
    ),
)


def figures_of(phase: Phase) -> tuple[Figure, ...]:
    """The figures that one run of a phase gives."""
    return tuple(figure for figure in FIGURES if figure.phase == phase)
