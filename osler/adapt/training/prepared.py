"""Examples that were made ready once: opening a study again in every epoch can take longer than learning from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from osler.adapt.training.batch import Learnable, Square
from osler.prompt import ImageSpan
from osler.recent import Recent

__all__ = ["PreparedExample", "PreparedExamples"]

ARRAYS_BYTES = 200  # what an array needs beside its numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreparedExample:
    """What is learned from, and nothing else of an example."""

    ids: np.ndarray
    learned: np.ndarray
    images: Sequence[ImageSpan]
    squares: tuple[Square, ...]

    @property
    def size_bytes(self) -> int:
        """About what it takes to hold."""
        squares = sum(square.nbytes for square in self.squares if isinstance(square, np.ndarray))
        return self.ids.nbytes + self.learned.nbytes + squares + ARRAYS_BYTES


class PreparedExamples(Sequence[PreparedExample]):
    """Examples, held in memory up to a bound: those that were not asked for longest go first.

    Args:
        examples: where they come from (`osler.adapt.data.example.Examples`).
        most_bytes: how much is held.
        name_of: keeps what a frozen tower says of an image and gives its name, which is held instead of the image.
    """

    def __init__(
        self, examples: Sequence[Learnable], *, most_bytes: int, name_of: Callable[[np.ndarray], str] | None = None
    ) -> None:
        self._examples, self._name_of = examples, name_of
        self._held: Recent[int, PreparedExample] = Recent(most_bytes, lambda made: made.size_bytes)

    def __len__(self) -> int:
        return len(self._examples)

    @overload
    def __getitem__(self, index: int) -> PreparedExample: ...

    @overload
    def __getitem__(self, index: slice) -> list[PreparedExample]: ...

    def __getitem__(self, index: int | slice) -> PreparedExample | list[PreparedExample]:
        if isinstance(index, slice):
            return [self[number] for number in range(len(self))[index]]
        place = range(len(self))[index]
        return self._held.get(place) or self._held.keep(place, self._make(place))

    def _make(self, place: int) -> PreparedExample:
        example = self._examples[place]
        squares = example.squares
        if self._name_of is not None:
            squares = [self._name_of(square) if isinstance(square, np.ndarray) else square for square in squares]
        return PreparedExample(
            ids=example.ids, learned=example.learned, images=tuple(example.images), squares=tuple(squares)
        )
