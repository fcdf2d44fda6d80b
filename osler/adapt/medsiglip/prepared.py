"""Pictures made ready once: read by the recipes, and what is needed of them kept on the disk.

A training looks at each picture several times, and one that goes on after an interruption looks again; opening a slide
or a series takes longer than that. What a tower sees of a picture takes 600 kB at 448 px.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from osler.adapt.data.faults import Fault
from osler.adapt.medsiglip.kept_rows import KeptRows
from osler.adapt.medsiglip.pair import Pair
from osler.errors import OslerError
from osler.tasks.gather import reason_of
from osler.tasks.index_files import files_below, state_of
from osler.tasks.pictures import pictures_in
from osler.tasks.progress import PREPARING, Progress, no_progress
from osler.tasks.study_options import StudyOptions

__all__ = ["Make", "Prepared", "key_of", "prepare"]

Make = Callable[[np.ndarray], np.ndarray]
"""A picture [Y, X, 3] uint8 to what is kept of it: what the tower sees, [S, S, 3] uint8, or its vector [D]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """Pictures, and the row that each is of.

    Attributes:
        pairs: I of them; a row whose file gives several pictures stands here once for each.
        names: of the pictures, for people.
        places: [I] int64, where each stands in `kept`.
        kept: squares [S, S, 3] uint8, or vectors [D] float32.
    """

    pairs: tuple[Pair, ...]
    names: tuple[str, ...]
    places: np.ndarray
    kept: KeptRows

    def __len__(self) -> int:
        return len(self.pairs)

    def look(self, which: Sequence[int] | np.ndarray) -> np.ndarray:
        """What is kept of some pictures, such as squares [B, S, S, 3] uint8."""
        return np.asarray(self.kept.all()[self.places[np.asarray(which)]])

    def part(self, name: str) -> "Prepared":
        """The pictures whose rows are in one part of the data."""
        chosen = [place for place, pair in enumerate(self.pairs) if pair.part == name]
        return replace(
            self,
            pairs=tuple(self.pairs[place] for place in chosen),
            names=tuple(self.names[place] for place in chosen),
            places=self.places[chosen],
        )

    def digest(self) -> str:
        """Names all that is learnt from: pixels, words, labels and parts, in order."""
        digest = sha256()
        for number, pair in enumerate(self.pairs):
            pixels = sha256(self.look([number]).tobytes()).digest()
            digest.update(pixels + repr((pair.captions, pair.labels, pair.part)).encode())
        return digest.hexdigest()


def prepare(
    pairs: Sequence[Pair],
    kept: KeptRows,
    make: Make,
    *,
    study: StudyOptions | None = None,
    progress: Progress = no_progress,
) -> tuple[Prepared, list[Fault]]:
    """Read every row's file, but for those that were read before.

    Args:
        kept: where what is made of the pictures is kept.
        make: makes it.
        progress: told how many rows are done.

    Returns:
        the pictures of all rows that can be read, and why others cannot.

    Raises:
        InputError: the disk has no room for them.
    """
    keys = [key_of(pair.file) for pair in pairs]
    kept.refuse_full_disk(len({key for key in keys if key not in kept}))
    faults: list[Fault] = []
    for done, (pair, key) in enumerate(zip(pairs, keys, strict=True)):
        progress(PREPARING, done, len(pairs))
        if key not in kept and (reason := _keep(pair.file, key, kept, make, study)):
            faults.append(Fault(number=pair.number, where=pair.where, reason=reason))
    progress(PREPARING, len(pairs), len(pairs))
    each = [(pair, row, name) for pair, key in zip(pairs, keys, strict=True) for row, name in _rows(kept, key)]
    prepared = Prepared(
        pairs=tuple(pair for pair, _, _ in each),
        names=tuple(name for _, _, name in each),
        places=np.array([row for _, row, _ in each], np.int64),
        kept=kept,
    )
    return prepared, faults


def key_of(path: Path) -> str:
    """A digest by which a file, or the folder of a series, is known again as long as it is not changed."""
    files = list(files_below(path)) if path.is_dir() else [path]
    states = [(str(file.absolute()), *state_of(file)) for file in files]
    return sha256(repr(states).encode()).hexdigest()


def _rows(kept: KeptRows, key: str) -> list[tuple[int, str]]:
    return list(zip(kept.rows(key), kept.names(key), strict=True)) if key in kept else []


def _keep(file: Path, key: str, kept: KeptRows, make: Make, study: StudyOptions | None) -> str:
    """Read a file's pictures; "" or why that is not possible."""
    try:
        found = [(record.name, make(image.pixels)) for record, image in pictures_in([file], study)]
    except OslerError as error:
        return reason_of(error) or "no picture can be read from it"
    if not found:
        return "there is no picture in it"
    kept.add(key, [name for name, _ in found], np.stack([made for _, made in found]))
    return ""
