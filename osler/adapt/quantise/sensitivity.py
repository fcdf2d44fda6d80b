"""What it costs to store each matrix in each type, from one measurement of each and its losses.

A unit is one matrix, or several that are measured together. It is replaced by what is left of it in one type,
everything else as it was, and the KL divergence of the next token's distribution is measured. What a unit costs for a
share of noise (`osler.adapt.quantise.errors`) then tells what each of its matrices costs in each type.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from osler.adapt.quantise.choice import Option
from osler.adapt.quantise.encoder import BlockEncoder
from osler.adapt.quantise.errors import losses, sampled_rows
from osler.adapt.quantise.exchanged import Exchanged
from osler.adapt.quantise.kept_work import KeptWork
from osler.adapt.quantise.kinds import NEEDS_IMPORTANCE, bits_per_weight, fits, size_bytes
from osler.adapt.quantise.measure import Meter, first_layer
from osler.adapt.quantise.network import Numbers
from osler.weights.names import Shape

__all__ = ["PALETTE", "Prober", "Resolution", "Sensitivity", "options_of", "units_of"]

Resolution = Literal["matrix", "part", "layer"]

PALETTE = (
    "IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "Q2_K", "IQ3_XXS", "Q3_K", "IQ3_S", "IQ4_XS", "IQ4_NL", "Q4_0",
    "Q4_K", "Q4_1", "Q5_0", "Q5_K", "Q5_1", "Q6_K", "Q8_0", "BF16",
)  # fmt: skip
"""Types to choose among, fewest bits first."""

ATTENTION = ("query", "key", "value", "attention_output")
NO_LOSS = 1e-9
"""A matrix that loses less was stored in this type before: nothing can be told from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """What was found of one matrix.

    Attributes:
        losses: the share of noise in each type.
        cost: KL in nats for a share of noise of 1.
    """

    losses: Mapping[str, float]
    cost: float


def units_of(names: Sequence[str], resolution: Resolution) -> list[list[str]]:
    """Matrices that are measured together, deepest layers last, the embedding first of all."""
    units: dict[object, list[str]] = {}
    for name in names:
        if not name.startswith("text.layers."):
            units[name] = [name]
            continue
        _, _, layer, last = name.split(".")
        part = {"matrix": last, "part": last in ATTENTION, "layer": ""}[resolution]
        units.setdefault((int(layer), part), []).append(name)
    return list(units.values())


def options_of(sensitivities: Mapping[str, Sensitivity], shapes: Mapping[str, Shape]) -> dict[str, list[Option]]:
    """Every type that each matrix can have, with its size and what it is expected to cost."""
    return {
        name: [
            Option(kind=kind, size_bytes=size_bytes(kind, shapes[name]), cost=found.cost * loss)
            for kind, loss in found.losses.items()
        ]
        for name, found in sensitivities.items()
    }


class Prober:
    """Measures sensitivities, and keeps each one as it is found.

    Args:
        numbers: the unquantised weights.
        meter: of the text that is read.
        encoder: makes the blocks.
        importances: mean squares [K] by matrix.
        palette: types to choose among.
        typical_bits: bits a weight that the result will have about; units are measured near it.
        work: what was measured before.
    """

    def __init__(
        self,
        numbers: Numbers,
        meter: Meter,
        encoder: BlockEncoder,
        importances: Mapping[str, np.ndarray],
        *,
        palette: Sequence[str],
        typical_bits: float,
        work: KeptWork,
    ) -> None:
        self._numbers = numbers
        self._meter = meter
        self._encoder = encoder
        self._importances = importances
        self._palette = palette
        self._typical_bits = typical_bits
        self._work = work
        self._is_ready = False

    def losses(
        self, names: Sequence[str], tell: Callable[[int, int], None] = lambda done, total: None
    ) -> dict[str, dict[str, float]]:
        """The share of noise of each matrix in each type that fits it."""
        found = {}
        for done, name in enumerate(names):
            tell(done, len(names))
            kept = self._work.get(f"losses {name}")
            if kept is None:
                values = sampled_rows(self._numbers, name)
                kinds = [kind for kind in self._palette if fits(kind, values.shape[1]) and self._can_make(kind, name)]
                kept = losses(name, values, kinds, self._encoder, self._importances.get(name))
                self._work.put(f"losses {name}", kept)
            found[name] = kept
        tell(len(names), len(names))
        return found

    def measure(
        self,
        units: Sequence[Sequence[str]],
        found: Mapping[str, Mapping[str, float]],
        tell: Callable[[int, int], None] = lambda done, total: None,
    ) -> dict[str, Sensitivity]:
        """Sensitivities of all matrices of some units, given their losses."""
        sensitivities = {}
        for done, unit in enumerate(units):
            tell(done, len(units))
            kinds = {name: self._measured_kind(found[name]) for name in unit}
            cost = self._cost(kinds)
            noise = sum(found[name][kind] for name, kind in kinds.items())
            for name in unit:
                each = cost / noise if noise > NO_LOSS else 0.0
                sensitivities[name] = Sensitivity(losses=found[name], cost=each)
        tell(len(units), len(units))
        return sensitivities

    def _can_make(self, kind: str, name: str) -> bool:
        return kind not in NEEDS_IMPORTANCE or name in self._importances

    def _measured_kind(self, found: Mapping[str, float]) -> str:
        """The type nearest to what the result will have, of those in which something is lost."""
        lossy = [kind for kind, loss in found.items() if loss > NO_LOSS] or list(found)
        return min(lossy, key=lambda kind: abs(bits_per_weight(kind) - self._typical_bits))

    def _cost(self, kinds: Mapping[str, str]) -> float:
        name = f"cost {sorted(kinds.items())}"
        kept = self._work.get(name)
        if kept is None:
            if not self._is_ready:
                self._meter.keep_hidden()
                self._is_ready = True
            kept = self._meter.cost(Exchanged(self._numbers, kinds, self._encoder), first_layer(kinds))
            self._work.put(name, kept)
        return kept
