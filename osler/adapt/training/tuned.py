"""What goes into a tuning, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from osler.adapt.training.outcome import Outcome
from osler.adapt.training.settings import Choices

if TYPE_CHECKING:
    from osler.adapt.data.example import Examples

__all__ = ["Tuned", "TuningData"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningData:
    """Examples by what they are for.

    Attributes:
        train: to learn from.
        validation: to tell how it goes; may be empty.
        test: looked at before the first step and after the last; may be empty.
        digest: of the rows, so that other data are never gone on with.
        about: counts of the parts, for osler.json and the report.
    """

    train: "Examples"
    validation: "Examples"
    test: "Examples"
    digest: str
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What became of a tuning.

    Attributes:
        outcome: of the loop.
        figures: by name; those of the test part as "before" and "after".
        choices: what was chosen.
        about: what osler.json says; empty where the training was interrupted.
    """

    outcome: Outcome
    choices: Choices
    figures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
