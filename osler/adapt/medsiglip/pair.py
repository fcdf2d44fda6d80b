"""What one line of data says: a file, and the words or labels that belong to it."""

from dataclasses import dataclass
from pathlib import Path

from osler.adapt.data.row import Part

__all__ = ["Caption", "Pair"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """A text for a picture.

    Attributes:
        text: as it is given to the tower of words.
        label: which label it was made of; None for words of the picture's own, such as a report.
    """

    text: str
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One row.

    Attributes:
        number: from 1, as an editor counts lines; of a folder, the n-th file.
        where: how a person finds it: "line 14", or the file's path below the folder.
        file: any that Osler reads, or the folder of a series; what gives several pictures gives several examples.
        captions: its texts, of which each use draws one; empty where only labels are learnt.
        labels: what holds of it; several, one or (where several may hold) none.
        group: patient or other group: all of one group stand on one side of a split. None: by itself.
        part: "train", "validation" or "test" where the data say so.
    """

    number: int
    where: str
    file: Path
    captions: tuple[Caption, ...] = ()
    labels: tuple[str, ...] = ()
    group: str | None = None
    part: Part | None = None
