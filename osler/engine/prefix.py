"""Beginnings of prompts whose keys and values are kept, so that a prompt that begins alike goes on from there."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from osler.engine.request import Request
from osler.engine.step import BLOCK

__all__ = ["LEAST_KEPT", "MOST_KEPT", "Beginning", "Prefix", "Prefixes", "natural_boundaries"]

LEAST_KEPT = BLOCK
"""Tokens below which a beginning is computed again sooner than it is looked up."""

MOST_KEPT = 8
"""Prefixes kept at once: more would only fill memory that nobody asked to be filled."""

Images = tuple[tuple[int, np.ndarray], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beginning:
    """What decides about keys and values: the adapter, text tokens and image vectors, each at its place.

    Attributes:
        ids: [N] int32, 0 where images stand.
        images: (offset, [M, D] float32) of the images that lie in it.
        adapter: that computed them, counted from 1; 0 for the model alone.
    """

    ids: np.ndarray
    images: Images
    adapter: int = 0

    @classmethod
    def of(cls, ids: np.ndarray, images: Images, adapter: int = 0) -> "Beginning":
        """That of ids [N] with all images that end before token N; vectors that could be written into are copied."""
        plain = np.array(ids, np.int32)
        inside = tuple((at, image) for at, image in images if at + len(image) <= len(ids))
        for at, image in inside:
            plain[at : at + len(image)] = 0
        frozen = ((at, image.copy() if image.flags.writeable else image) for at, image in inside)
        return cls(ids=plain, images=tuple(frozen), adapter=adapter)

    def equals(self, other: "Beginning") -> bool:
        """Whether both are the same tokens and images under one adapter."""
        return (
            self.adapter == other.adapter
            and np.array_equal(self.ids, other.ids)
            and len(self.images) == len(other.images)
            and all(map(_are_equal, self.images, other.images))
        )

    def common(self, request: Request, ids: np.ndarray) -> int:
        """How many tokens this and a request's prompt have in common from the first on; an image is never split.

        None under different adapters: their keys and values differ from the first layer on.

        Args:
            ids: the request's with 0 where its images stand.
        """
        if self.adapter != request.adapter:
            return 0
        length = min(len(self.ids), len(ids))
        differing = np.flatnonzero(self.ids[:length] != ids[:length])
        common = int(differing[0]) if len(differing) else length
        for mine, other in zip_longest(self.images, request.images):
            begin = min(image[0] for image in (mine, other) if image is not None)
            if begin >= common:
                break
            if mine is None or other is None or not _are_equal(mine, other):
                return begin
        return next((span.begin for span in request.spans() if span.begin < common < span.end), common)


@dataclass(frozen=True, slots=True, eq=False)
class Prefix:
    """A beginning with the blocks that hold it.

    Attributes:
        beginning: its N tokens.
        global_blocks: [ceil(N / BLOCK)] int32, shared with whoever goes on from it, but for a last one that is not
            full: that has to be copied before anything is added to it.
        local_blocks: [ceil((N - local_start) / BLOCK)] int32, its own: the window before token N. To be copied.
        local_start: first token that the local table counts.
    """

    beginning: Beginning
    global_blocks: np.ndarray
    local_blocks: np.ndarray
    local_start: int

    @property
    def length(self) -> int:
        return len(self.beginning.ids)

    @property
    def num_full(self) -> int:
        """Global blocks that nobody will write into any more."""
        return self.length // BLOCK


class Prefixes:
    """The prefixes that are kept, the least recently used one first. It knows nothing of blocks' holders."""

    def __init__(self) -> None:
        self._kept: list[Prefix] = []

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Prefix]:
        return iter(tuple(self._kept))

    def find(self, request: Request, ids: np.ndarray, longest: int) -> Prefix | None:
        """The longest prefix of a prompt, of at most `longest` tokens; it counts as used now."""
        found = None
        for prefix in self._kept:
            shortest = found.length if found else 0
            if shortest < prefix.length <= longest and prefix.beginning.common(request, ids) == prefix.length:
                found = prefix
        if found is not None:
            self._kept = [*(prefix for prefix in self._kept if prefix is not found), found]
        return found

    def has(self, beginning: Beginning) -> bool:
        return any(prefix.beginning.equals(beginning) for prefix in self._kept)

    def branch(self, request: Request, ids: np.ndarray) -> int:
        """Up to where a prompt is one that was seen before: the most tokens in common with any prefix."""
        return max((prefix.beginning.common(request, ids) for prefix in self._kept), default=0)

    def add(self, prefix: Prefix) -> None:
        self._kept = [*self._kept, prefix]

    def remove(self, prefix: Prefix) -> None:
        self._kept = [kept for kept in self._kept if kept is not prefix]


def natural_boundaries(request: Request, longest: int) -> set[int]:
    """Where a prompt's beginning is worth keeping, at most `longest` tokens of it.

    Behind the last image, because the next question about a study differs from there on, and before what is scored,
    because other continuations may be scored next.
    """
    ends = [span.end for span in request.spans()[-1:]]
    if request.score_from is not None:
        ends.append(longest)
    is_inside = [any(span.begin < end < span.end for span in request.spans()) for end in ends]
    return {end for end, inside in zip(ends, is_inside, strict=True) if LEAST_KEPT <= end <= longest and not inside}


def _are_equal(one: tuple[int, np.ndarray], other: tuple[int, np.ndarray]) -> bool:
    """Whether two images stand at one place and have the same vectors; mostly they are the same object."""
    if one[0] != other[0]:
        return False
    return one[1] is other[1] or np.array_equal(one[1], other[1], equal_nan=True)
