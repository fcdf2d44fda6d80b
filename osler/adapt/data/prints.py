"""Fingerprints of pictures and texts: near-duplicates have fingerprints that are nearly the same.

Thresholds were measured, see docs/decisions/069.
"""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from osler.errors import MissingExtraError

if TYPE_CHECKING:
    from datasketch import MinHash

__all__ = [
    "BITS",
    "LEAST_SHARED",
    "MOST_BITS",
    "alike",
    "jaccard",
    "min_hash",
    "picture_print",
    "refuse_missing",
    "text_pairs",
    "triples",
]

SIDE = 16
BITS = SIDE * SIDE
MOST_BITS = 44
"""Bits of 256 by which fingerprints of near-duplicates differ at most."""

LEAST_SHARED = 0.7
"""The share of three-word runs that texts have in common at least."""

Tell = Callable[[int], None]

PERMUTATIONS = 128
CANDIDATES = 0.6
"""What MinHash's index is made for: it misses some pairs near its threshold."""
DARK = 16
SEEN = 0.01
FLAT = 2.0
ROWS_AT_ONCE = 64


def tell_nobody(done: int) -> None:
    """Nobody asked how far it is."""


def refuse_missing() -> None:
    """Refuse to begin without the packages.

    Raises:
        MissingExtraError: the extra `adapt` is not installed.
    """
    try:
        import datasketch
        import imagehash  # noqa: F401
    except ImportError:
        raise MissingExtraError(
            "cannot look for near-duplicates: imagehash and datasketch are not installed",
            hint="pip install 'osler[adapt]', or go on without looking (--allow-duplicates)",
        ) from None
    del datasketch


def picture_print(square: np.ndarray) -> np.ndarray | None:
    """The fingerprint of a picture: perceptual hash of what lies within its dark margins.

    Args:
        square: [S, S, 3] uint8, as the vision tower sees it. Margins go because copies are often cropped otherwise.

    Returns:
        [4] uint64, or None where there is nothing to be seen (a blank page matches every other).
    """
    import imagehash
    from PIL import Image as Pillow

    inside = trimmed(square)
    if inside.std() < FLAT:
        return None
    bits = imagehash.phash(Pillow.fromarray(inside), hash_size=SIDE).hash
    return np.packbits(bits.ravel()).view(np.uint64)


def trimmed(square: np.ndarray) -> np.ndarray:
    """A picture without margins that are dark but for specks; the whole where all is dark."""
    bright = square.max(axis=2) > DARK
    rows, columns = (np.flatnonzero(bright.mean(axis=axis) > SEEN) for axis in (1, 0))
    if not len(rows) or not len(columns):
        return square
    return np.ascontiguousarray(square[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def alike(prints: np.ndarray, most_bits: int, tell: Tell = tell_nobody) -> list[tuple[int, int, int]]:
    """All pairs of fingerprints that are nearly the same.

    Args:
        prints: [N, W] uint64.
        most_bits: by which they differ at most.
        tell: told how many of N are done.

    Returns:
        (one, other, bits by which they differ), one < other.
    """
    words = np.ascontiguousarray(prints.T)  # [W, N]
    pairs: list[tuple[int, int, int]] = []
    for start in range(0, len(prints), ROWS_AT_ONCE):
        bits = np.zeros((len(prints[start : start + ROWS_AT_ONCE]), len(prints) - start), np.uint16)
        for word in words:
            bits += np.bitwise_count(word[start : start + ROWS_AT_ONCE, None] ^ word[None, start:])
        for row, column in np.argwhere(bits <= most_bits).tolist():
            if row < column:
                pairs.append((start + row, start + column, int(bits[row, column])))
        tell(min(start + ROWS_AT_ONCE, len(prints)))
    return pairs


def triples(text: str) -> frozenset[str]:
    """Runs of three words; shorter texts are one run.

    >>> sorted(triples("Is the heart enlarged?"))
    ['is the heart', 'the heart enlarged']
    """
    words = re.findall(r"\w+", text.casefold())
    return frozenset(" ".join(words[start : start + 3]) for start in range(max(1, len(words) - 2)))


def min_hash(runs: frozenset[str]) -> "MinHash":
    """The fingerprint of a text."""
    from datasketch import MinHash

    found = MinHash(num_perm=PERMUTATIONS)
    found.update_batch([run.encode() for run in sorted(runs)])
    return found


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """What two texts share: runs in both, of runs in either."""
    return len(one & other) / len(one | other)


def text_pairs(texts: Sequence[frozenset[str]], tell: Tell = tell_nobody) -> list[tuple[int, int, float]]:
    """All pairs of texts that share enough: found by MinHash, then counted; `tell` is told how many texts are done."""
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=CANDIDATES, num_perm=PERMUTATIONS)
    pairs: list[tuple[int, int, float]] = []
    for number, runs in enumerate(texts):
        hashed = min_hash(runs)
        for other in sorted(index.query(hashed)):
            shared = jaccard(texts[other], runs)
            if shared >= LEAST_SHARED:
                pairs.append((other, number, shared))
        index.insert(number, hashed)
        tell(number + 1)
    return pairs
