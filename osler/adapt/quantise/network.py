"""The decoder run over passages layer by layer, with the weights given anew at each layer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Protocol

import numpy as np

from osler.adapt.quantise.layer_program import LayerProgram
from osler.adapt.quantise.passages import Passage
from osler.engine.inputs import step_inputs
from osler.engine.runner import embedding_scale
from osler.engine.step import BLOCK, Chunk
from osler.model.config import TextConfig
from osler.model.matrix import Matrix
from osler.weights.names import TEXT_LAYER_MATRICES, TEXT_LAYER_VECTORS, Shape

__all__ = ["Network", "Numbers", "layer_numbers"]

STEP_TOKENS = 2048
"""Tokens of one step: enough to keep the cores busy, few enough for small memory."""

Sums = dict[str, np.ndarray]


class Numbers(Protocol):
    """Where weights come from: a checkpoint, or one with some matrices exchanged."""

    def shape(self, name: str) -> Shape: ...

    def matrix(self, name: str) -> Matrix: ...

    def vector(self, name: str) -> np.ndarray: ...

    def embedding_rows(self, ids: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Batch:
    """Passages that are computed together: tokens `begin` to `end` of all, and the inputs of their step."""

    begin: int
    end: int
    inputs: Mapping[str, np.ndarray]


class Network:
    """A decoder's layers, for passages that stay the same.

    Args:
        config: the decoder's shape.
        numbers: any weights of that shape; only shapes are asked for.
        passages: what is read; its T tokens in all stand one after the other in hidden states [T, D].
        with_sums: whether `layer` also gives sums of squares.
        threads: processor threads; None for all.
    """

    def __init__(
        self,
        config: TextConfig,
        numbers: Numbers,
        passages: Sequence[Passage],
        *,
        with_sums: bool = False,
        threads: int | None = None,
    ) -> None:
        self.config = config
        self.passages = tuple(passages)
        self._batches = list(_batches(config, self.passages))
        self._programs = _programs(config, numbers, self._blocks(), with_sums, threads)

    def _blocks(self) -> int:
        """Blocks of cached tokens that the largest step needs."""
        return max(len(batch.inputs["global_block_indices"]) for batch in self._batches)

    def embedded(self, numbers: Numbers) -> np.ndarray:
        """What the first layer is given, [T, D] float32: scaled embeddings, image vectors where images stand."""
        scale = embedding_scale(self.config.width, "f32")
        rows = []
        for passage in self.passages:
            embedded = numbers.embedding_rows(passage.ids) * scale
            for offset, vectors in passage.images:
                embedded[offset : offset + len(vectors)] = vectors
            rows.append(embedded)
        return np.concatenate(rows)

    def layer(
        self, layer: int, weights: Mapping[str, np.ndarray], hidden: np.ndarray, tick: Callable[[], None] | None = None
    ) -> tuple[np.ndarray, Sums]:
        """Hidden states [T, D] through one layer, and the sums of squares [K] where the network has them."""
        program = self._programs[self.config.global_layers[layer]]
        out, totals = np.empty_like(hidden), Sums()
        for batch in self._batches:
            out[batch.begin : batch.end], sums = program.run(weights, hidden[batch.begin : batch.end], batch.inputs)
            for name, values in sums.items():
                totals[name] = totals.get(name, 0) + values.astype(np.float64)
            if tick is not None:
                tick()
        return out, totals

    def layers(
        self, numbers: Numbers, hidden: np.ndarray, first: int = 0, tick: Callable[[], None] | None = None
    ) -> np.ndarray:
        """Hidden states [T, D] through layer `first` and all behind it."""
        for layer in range(first, self.config.num_layers):
            hidden, _ = self.layer(layer, layer_numbers(numbers, layer), hidden, tick)
        return hidden


def layer_numbers(numbers: Numbers, layer: int) -> dict[str, np.ndarray]:
    """A layer's weights in float32, by their last names."""
    prefix = f"text.layers.{layer}."
    found = {name: numbers.matrix(prefix + name).dequantised() for name in TEXT_LAYER_MATRICES}
    return found | {name: numbers.vector(prefix + name) for name in TEXT_LAYER_VECTORS}


def _programs(
    config: TextConfig, numbers: Numbers, blocks: int, with_sums: bool, threads: int | None
) -> dict[bool, LayerProgram]:
    """One for the local layers, one for the global ones, where there are any."""
    shapes = {name: numbers.shape(f"text.layers.0.{name}") for name in (*TEXT_LAYER_MATRICES, *TEXT_LAYER_VECTORS)}
    return {
        is_global: LayerProgram(
            config, shapes, config.global_layers.index(is_global), blocks=blocks, with_sums=with_sums, threads=threads
        )
        for is_global in sorted(set(config.global_layers))
    }


def _batches(config: TextConfig, passages: Sequence[Passage]) -> Iterator[_Batch]:
    ends = list(accumulate(len(passage.ids) for passage in passages))
    cuts = [0]
    for number, end in enumerate(ends):
        begin = ends[cuts[-1] - 1] if cuts[-1] else 0
        if end - begin > STEP_TOKENS and number > cuts[-1]:
            cuts.append(number)
    for first, last in pairwise([*cuts, len(passages)]):
        chunks = list(_chunks(passages[first:last]))
        yield _Batch(begin=ends[first - 1] if first else 0, end=ends[last - 1], inputs=step_inputs(config, chunks))


def _chunks(passages: Sequence[Passage]) -> Iterator[Chunk]:
    """Each passage as a sequence of its own, with blocks of its own."""
    used = 0
    for passage in passages:
        blocks = np.arange(used, used + -(-len(passage.ids) // BLOCK), dtype=np.int32)
        used += len(blocks)
        yield Chunk(
            ids=passage.ids,
            images=passage.images,
            past=0,
            global_blocks=blocks,
            local_blocks=blocks,
            local_start=0,
            num_logits=0,
        )
