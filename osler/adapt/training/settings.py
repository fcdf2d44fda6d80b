"""What a user may say about a tuning, and what is chosen where they do not."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from osler.adapt.training.memory import Load, Room
from osler.adapt.training.method import Method
from osler.adapt.training.plan import Plan, Shape
from osler.adapt.training.precision import Precision, Wanted
from osler.errors import InputError, OptionError

__all__ = ["PLAN", "Choices", "Settings", "keep_choices", "kept_choices"]

PLAN = "plan.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a user may say; None leaves a choice to Osler.

    Attributes:
        method: what is tuned.
        epochs: how often every example is learned from.
        steps: instead of epochs.
        batch: examples of a step.
        part: examples at once; the rest of a step follows (gradient accumulation).
        recomputes: compute layers twice to save memory (gradient checkpointing).
        rate: the highest learning rate.
        warmup: the share of the steps in which it rises.
        shape: how it falls afterwards.
        weight_decay: of matrices.
        clip: the longest gradient.
        seed: of everything random.
        evaluate_every: steps between evaluations; 0 for none.
        patience: evaluations in a row that may bring nothing; 0 for all.
        precision, device: how it is computed.

    Raises:
        OptionError: a number makes no sense.
    """

    method: Method = field(default_factory=Method)
    epochs: float = 3.0
    steps: int | None = None
    batch: int = 8
    part: int | None = None
    recomputes: bool | None = None
    rate: float | None = None
    warmup: float = 0.03
    shape: Shape = "cosine"
    weight_decay: float = 0.0
    clip: float = 1.0
    seed: int = 7
    evaluate_every: int | None = None
    patience: int = 5
    precision: Wanted = "auto"
    device: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("rate", self.rate), ("epochs", self.epochs)):
            if value is not None and not 0 < value < math.inf:
                raise OptionError(f"cannot tune: {name}={value} is not above 0", name=name, expected="a number above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What was chosen, once: memory that is free differs from run to run, and a training that goes on must not.

    Attributes:
        precision: numbers and device.
        load: the heaviest example.
        room: how a step is made to fit.
        memory: the estimate, for people.
        rate: the highest learning rate.
        steps: of the whole training.
        evaluate_every: steps between evaluations, 0 for none.
    """

    precision: Precision
    load: Load
    room: Room
    memory: str
    rate: float
    steps: int
    evaluate_every: int

    def plan(self, settings: Settings, *, watches: bool) -> Plan:
        """The plan for the loop; `watches` says whether there are examples to validate on."""
        return Plan(
            steps=self.steps,
            parts=settings.batch // self.room.batch,
            seed=settings.seed,
            clip=settings.clip,
            evaluate_every=self.evaluate_every,
            evaluate_first=self.evaluate_every > 0,
            watch="validation_loss" if watches and self.evaluate_every else None,
            patience=settings.patience if watches and self.evaluate_every else 0,
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)

    @classmethod
    def of_dict(cls, values: Mapping[str, Any]) -> "Choices":
        """What `to_dict` gave."""
        inner: dict[str, Any] = {
            "precision": Precision(**values["precision"]),
            "load": Load(**values["load"]),
            "room": Room(**values["room"]),
        }
        return cls(**{**values, **inner})


def keep_choices(out: Path, choices: Choices, settings: Settings, identity: Mapping[str, Any]) -> None:
    """Write down what was chosen, for the run that goes on."""
    out.mkdir(parents=True, exist_ok=True)
    values = {"settings": asdict(settings), "identity": dict(identity), "choices": choices.to_dict()}
    beside = out / f"{PLAN}.new"
    beside.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(beside, out / PLAN)


def kept_choices(out: Path, settings: Settings, identity: Mapping[str, Any]) -> Choices | None:
    """What an earlier run into the same folder chose; None where there was none.

    Raises:
        InputError: that was a run with other settings, another model or other data.
    """
    try:
        values = json.loads((out / PLAN).read_text(encoding="utf-8"))
        before = {"settings": values["settings"], "identity": values["identity"]}
        choices = Choices.of_dict(values["choices"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"cannot go on in `{out}`: its {PLAN} is damaged", hint="remove the folder to begin again, or give another"
        ) from None
    now = json.loads(json.dumps({"settings": asdict(settings), "identity": dict(identity)}))
    different = _differences(before, now)
    if different:
        raise InputError(
            f"cannot tune into `{out}`: it holds a tuning with another {', another '.join(different)}",
            hint="give another --out, or what was given before to go on with it",
        )
    return choices


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The names of what differs."""
    found = []
    for side in ("identity", "settings"):
        for name in sorted({*before[side], *now[side]}):
            if before[side].get(name) != now[side].get(name):
                found.append(name.replace("_", " "))
    return found
