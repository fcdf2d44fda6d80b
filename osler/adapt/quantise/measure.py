"""Measuring a model's matrices: their importance, what an error in each costs, and what all errors together cost."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from osler.adapt.quantise.divergence import Expectations, Places, compare, likeliest, normal_of
from osler.adapt.quantise.importance import Importance
from osler.adapt.quantise.network import Network, Numbers, layer_numbers
from osler.adapt.quantise.passages import Passage, places_of
from osler.model.config import TextConfig
from osler.weights.names import TEXT_LAYER_MATRICES

__all__ = ["Meter", "first_layer", "measure_importance"]

TOP_TOKENS = 32
"""The likeliest tokens at each place make up the vocabulary that single matrices are measured on: together they hold
nearly all that is expected anywhere, and are a few thousand of 262,144."""

Tell = Callable[[int, int], None]
"""Called with (done, in all)."""


def measure_importance(
    config: TextConfig,
    numbers: Numbers,
    passages: Sequence[Passage],
    *,
    datasets: tuple[str, ...] = (),
    threads: int | None = None,
    tell: Tell = lambda done, total: None,
) -> Importance:
    """The mean squares of what each matrix is multiplied with, over all tokens of passages, in float32.

    The embedding counts as the output matrix that it is too; an embedding that is not tied to the output is only looked
    up, so all of its columns count the same and it gets no entry.
    """
    network = Network(config, numbers, passages, with_sums=True, threads=threads)
    hidden = network.embedded(numbers)
    sums: dict[str, np.ndarray] = {}
    for layer in range(config.num_layers):
        tell(layer, config.num_layers)
        hidden, found = network.layer(layer, layer_numbers(numbers, layer), hidden)
        sums |= {f"text.layers.{layer}.{name}": found[name] for name in TEXT_LAYER_MATRICES}
    tell(config.num_layers, config.num_layers)
    output = "text.embedding" if config.tied_output else "text.output"
    sums[output] = np.square(normal_of(config, numbers, hidden), dtype=np.float64).sum(axis=0)
    length = max(len(passage.ids) for passage in passages)
    return Importance(sums=sums, counts=dict.fromkeys(sums, len(hidden)), datasets=datasets, chunk_tokens=length)


class Meter:
    """Compares weights with the unquantised ones at places of some passages.

    Args:
        config: the decoder's shape.
        numbers: the unquantised weights.
        passages: what is read.
        stride: every so many tokens are a place.
        threads: processor threads; None for all.
    """

    def __init__(
        self,
        config: TextConfig,
        numbers: Numbers,
        passages: Sequence[Passage],
        *,
        stride: int = 4,
        threads: int | None = None,
    ) -> None:
        self._config = config
        self._numbers = numbers
        self._network = Network(config, numbers, passages, threads=threads)
        self._hidden: dict[int, np.ndarray] = {}  # what layer i is given, where it is kept
        found, begin = [], 0
        for passage in passages:
            at = places_of(passage, stride)
            found.append((begin + at, passage.ids[at + 1], [passage.document] * len(at)))
            begin += len(passage.ids)
        self._rows = np.concatenate([rows for rows, _, _ in found])
        self._targets = np.concatenate([targets for _, targets, _ in found])
        self.documents = [document for _, _, documents in found for document in documents]

    @property
    def num_tokens(self) -> int:
        return sum(len(passage.ids) for passage in self._network.passages)

    def _expectations(self, numbers: Numbers, hidden: np.ndarray) -> Expectations:
        return Expectations(normal=normal_of(self._config, numbers, hidden[self._rows]), numbers=numbers)

    def keep_hidden(self, tell: Tell = lambda done, total: None) -> None:
        """Compute what each layer is given by the unquantised weights, and keep it for `cost`."""
        hidden = self._network.embedded(self._numbers)
        total = self._config.num_layers
        for layer in range(total):
            tell(layer, total)
            self._hidden[layer] = hidden
            hidden, _ = self._network.layer(layer, layer_numbers(self._numbers, layer), hidden)
        self._hidden[total] = hidden
        tell(total, total)

    @cached_property
    def _reference(self) -> Expectations:
        last = self._config.num_layers
        if last not in self._hidden:
            self._hidden[last] = self._network.layers(self._numbers, self._network.embedded(self._numbers))
        return self._expectations(self._numbers, self._hidden[last])

    @cached_property
    def _vocabulary(self) -> np.ndarray:
        return np.union1d(likeliest(self._config, self._reference, TOP_TOKENS), np.unique(self._targets))

    def cost(self, numbers: Numbers, first: int | None) -> float:
        """Mean KL in nats of weights that differ from layer `first` on, over the likeliest tokens.

        Args:
            first: the first layer that differs, after `keep_hidden`; None where the embedding differs too.
        """
        if first is None:
            hidden = self._network.layers(numbers, self._network.embedded(numbers))
        else:
            hidden = self._network.layers(numbers, self._hidden[first], first)
        other = self._expectations(numbers, hidden)
        found = compare(self._config, self._reference, [other], self._targets, vocabulary=self._vocabulary)
        return float(found[1].divergence.mean())

    def places(
        self, candidates: Mapping[str, Numbers], tell: Tell = lambda done, total: None
    ) -> tuple[Places, dict[str, Places]]:
        """All tokens at all places: of the unquantised weights, and of each candidate by name."""
        total = len(candidates) + 1
        tell(0, total)
        others = []
        for done, numbers in enumerate(candidates.values(), start=1):
            hidden = self._network.layers(numbers, self._network.embedded(numbers))
            others.append(self._expectations(numbers, hidden))
            tell(done, total)
        found = compare(self._config, self._reference, others, self._targets)
        tell(total, total)
        return found[0], dict(zip(candidates, found[1:], strict=True))


def first_layer(names: Iterable[str]) -> int | None:
    """The first layer that any of these matrices stands in; None where one is no layer's."""
    layers = [int(name.split(".")[2]) if name.startswith("text.layers.") else None for name in names]
    return None if None in layers else min(layer for layer in layers if layer is not None)
