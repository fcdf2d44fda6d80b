"""From what is asked for to a type for each matrix: refused, measured, chosen, in that order.

Everything that takes long is kept as it is found (`kept_work`), so that a run that was stopped goes on where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from osler.adapt.quantise.check import Checker
from osler.adapt.quantise.choice import Choice, Option, cheapest, cost_of, smallest
from osler.adapt.quantise.encoder import BlockEncoder, makeable
from osler.adapt.quantise.exchanged import EMBEDDING
from osler.adapt.quantise.kinds import NEEDS_IMPORTANCE, bits_per_weight, fits
from osler.adapt.quantise.mixes import DYNAMIC_BITS, MIXES
from osler.adapt.quantise.passages import taken
from osler.adapt.quantise.readings import Readings
from osler.adapt.quantise.sensitivity import Prober, Sensitivity, options_of, units_of
from osler.adapt.quantise.target import Target
from osler.errors import InputError, OptionError

__all__ = ["Found", "Quantiser"]

TRYING, PROBING = "Trying types", "Measuring each matrix"

FINE_BELOW = 1_500_000_000
"""Models of fewer weights are measured matrix by matrix unless asked otherwise, larger ones part by part."""

TYPICAL_BITS = 4.5
FEW_BITS = 2.5
FEW_SHARE = 0.45
"""Types of fewer bits than this share of what the file has on average are not tried."""

ROUNDS = 5
NEAR_ENOUGH = 0.85
"""A result that uses so much of the divergence that it may cost is not made smaller."""

SPARE = 0.97
"""What is aimed at, as a share of the divergence that it may cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a choice came to.

    Attributes:
        kinds: the type of each matrix.
        expected: KL in nats that was expected of it; None where nothing was measured.
        notes: what happened on the way, a sentence each.
    """

    kinds: dict[str, str]
    expected: float | None = None
    notes: list[str] = field(default_factory=list)


class Quantiser:
    """Chooses types for one model.

    Args:
        readings: of the model.
    """

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self._settings = readings.settings
        self.sizes = readings.sizes
        self.checker = Checker(readings)

    def budget_bytes(self, target: Target) -> int | None:
        """The size that is asked for; None where it is not a size."""
        if target.mix is not None:
            return self.sizes.file_bytes(self.checker.plan(target.mix))
        if isinstance(target.budget, str):
            if target.budget in DYNAMIC_BITS:
                return self.sizes.bytes_for(DYNAMIC_BITS[target.budget])
            return self.sizes.file_bytes(self.checker.plan(target.budget))
        return target.budget

    def refuse(self, target: Target) -> None:
        """Say what cannot be done before anything is computed.

        Raises:
            OslerError: types cannot be made here, text is missing, or the size is out of reach.
        """
        if target.mix is not None:
            kinds = self.checker.plan(target.mix)
            known = dict.fromkeys(kinds, np.ones(1)) if self._readings.has_importance else {}
            BlockEncoder(known).check(kinds)
            return
        if not self._readings.has_text:
            raise OptionError(
                "cannot choose types by measurement without a text to measure on",
                name="calibrate",
                expected="text or data of your own to measure on, which --budget, --max-kl and UD-… need",
            )
        if self._settings.stride > self._settings.length // 2:
            raise OptionError("no place would be compared", name="stride", expected="a number up to half of --length")
        self._refuse_size(self.budget_bytes(target))

    def _refuse_size(self, budget: int | None) -> None:
        least = self.sizes.file_bytes(self._smallest_kinds(self._palette))
        if budget is not None and budget < least:
            more = "more types with --kinds, or the extra `quantise`, which brings those of fewer bits"
            raise InputError(
                f"cannot make `{self._readings.checkpoint.path.name}` as small as {budget / 1e6:,.0f} MB: the least is "
                f"{least / 1e6:,.0f} MB with the types that can be made here",
                hint=f"give a larger --budget, {more}",
            )

    def choose(self, target: Target) -> Found:
        """The types of all matrices."""
        if target.mix is not None:
            return Found(kinds=self.checker.plan(target.mix))
        budget = self.budget_bytes(target)
        options = options_of(self._sensitivities(budget), self.sizes.matrices)
        if budget is None:
            assert target.max_divergence is not None
            return self._as_small_as(options, target.max_divergence)
        choice = cheapest(options, self.sizes.matrix_bytes(budget))
        assert choice is not None, "checked before"
        return Found(kinds=_kinds(choice), expected=cost_of(choice))

    def nearest_mix(self, kinds: Mapping[str, str]) -> str | None:
        """The plain file type that is nearest in size, of those that can be made here."""
        size, able = self.sizes.file_bytes(kinds), set(self._palette)
        plans = {name: self.checker.plan(name) for name in MIXES}
        names = [name for name, plan in plans.items() if set(plan.values()) <= able]
        return min(names, key=lambda name: abs(self.sizes.file_bytes(plans[name]) - size), default=None)

    @cached_property
    def _palette(self) -> list[str]:
        """Types that can be made here."""
        kinds = makeable(self._settings.palette)
        return [kind for kind in kinds if kind not in NEEDS_IMPORTANCE or self._readings.has_importance]

    def _worthwhile(self, budget: int | None) -> list[str]:
        """Types worth trying: those of very few bits take long to make, and are chosen for small files only."""
        bits = FEW_BITS if budget is None else self.sizes.bits(budget) * FEW_SHARE
        kinds = [kind for kind in self._palette if bits_per_weight(kind) >= bits]
        if budget is None or self.sizes.file_bytes(self._smallest_kinds(kinds)) <= budget:
            return kinds
        return self._palette

    def _smallest_kinds(self, palette: Sequence[str]) -> dict[str, str]:
        """The smallest type of each matrix; F16 where none fits."""
        return {
            name: min(
                (kind for kind in palette if fits(kind, shape[1]) and self._can_make(kind, name)),
                key=bits_per_weight,
                default="F16",
            )
            for name, shape in self.sizes.matrices.items()
        }

    def _can_make(self, kind: str, name: str) -> bool:
        """Whether the importance that a type needs will be known: llama.cpp's files have none of the embedding."""
        is_weighed = name != EMBEDDING or (self._readings.config.tied_output and self._settings.imatrix is None)
        return is_weighed or kind not in NEEDS_IMPORTANCE

    def _sensitivities(self, budget: int | None) -> dict[str, Sensitivity]:
        readings, at = self._readings, self._settings
        bits = TYPICAL_BITS if budget is None else self.sizes.bits(budget)
        passages = taken(readings.passages[0], at.probe_tokens)
        palette = self._worthwhile(budget)
        prober = Prober(
            readings.checkpoint,
            readings.meter(passages),
            readings.encoder,
            readings.importance.means if readings.importance else {},
            palette=palette,
            typical_bits=min(max(bits, 2.5), 6.0),
            work=readings.work("probe", passages, palette),
        )
        names = sorted(self.sizes.matrices)
        resolution = at.resolution or ("matrix" if self.sizes.num_weights < FINE_BELOW else "part")
        found = prober.losses(names, readings.tell(TRYING))
        return prober.measure(units_of(names, resolution), found, readings.tell(PROBING))

    def _as_small_as(self, options: Mapping[str, Sequence[Option]], most: float) -> Found:
        """The smallest choice whose divergence, measured as a whole, is no greater; costs are scaled until it is."""
        aim, notes = most, []
        kept: list[Choice] = []
        for _ in range(ROUNDS):
            choice = smallest(options, aim)
            if choice is None:
                break
            expected, actual = cost_of(choice), self.checker.divergence(_kinds(choice))
            notes.append(f"expected {expected:.5f}, measured {actual:.5f} nats")
            kept += [choice] if actual <= most else []
            if NEAR_ENOUGH * most <= actual <= most:
                break
            aim = SPARE * most * expected / max(actual, 1e-12)
        if not kept:
            raise InputError(
                f"cannot keep the divergence below {most:g} nats with the types that can be made here",
                hint="allow more with --max-kl, or let BF16 be among --kinds",
            )
        best = min(kept, key=lambda choice: self.sizes.file_bytes(_kinds(choice)))
        return Found(kinds=_kinds(best), expected=cost_of(best), notes=notes)


def _kinds(choice: Choice) -> dict[str, str]:
    return {name: option.kind for name, option in choice.items()}
