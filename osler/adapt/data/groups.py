"""Which rows belong together, so that no patient, file or text stands in two parts.

A row is connected with every other one that has the same

- `patient` or `group`, where it names one;
- DICOM Patient ID (its digest), where it names none and its files are DICOM;
- folder below the class, where rows are folders of classes and each class has several (as `osler classify --probe`);
- file, always;
- line, where one line gave several rows;
- words of the user's, where there are no files.

Rows that are connected through others belong together, too.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from os.path import relpath
from pathlib import Path

from osler.adapt.data.row import Row, Rows
from osler.tasks.example_groups import groups_of_examples

__all__ = ["RowGroups", "groups_of_rows"]

Keys = Sequence[tuple[str, str]]
"""What a row is connected by: how that was told ("group", "DICOM's patient", "file", …), and what is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowGroups:
    """Who each row belongs to.

    Attributes:
        of: for each row, what is the same for those that stay together, and for nobody else. It may hold a patient's
            identifier, so it is never shown.
        by: by what rows were told apart first of all, for people, with how many rows each told.
    """

    of: tuple[str, ...]
    by: Mapping[str, int]


def groups_of_rows(rows: Rows, *, patients: str | None = None, together: Iterable[tuple[int, int]] = ()) -> RowGroups:
    """Tell which rows belong together.

    Args:
        patients: how to tell it of rows that name no group by the name of their (first) file: "folder", "file", a
            regular expression with one group in brackets, or a .csv file with the columns file and patient
            (`osler.tasks.example_groups`); None as above.
        together: pairs of places in `rows` that belong together besides, such as near-duplicates.

    Raises:
        InputError: `patients` does not tell it of every file.
    """
    told = _told(rows, patients)
    keys = [told[place] if place in told else _own_keys(rows, row) for place, row in enumerate(rows)]
    clusters = _Clusters(len(rows))
    for place, (row, own) in enumerate(zip(rows, keys, strict=True)):
        for key in own:
            clusters.connect(key, place)
        for path in row.files:
            clusters.connect(("file", _name(rows, path)), place)
        clusters.connect(("line", row.number), place)
    for one, other in together:
        clusters.connect(("pair", one), one)
        clusters.connect(("pair", one), other)
    names: dict[int, str] = {}
    for place, own in enumerate(keys):
        name = min(f"{how}: {what}" for how, what in own)
        root = clusters.root(place)
        names[root] = min(names.get(root, name), name)
    return RowGroups(
        of=tuple(names[clusters.root(place)] for place in range(len(rows))), by=dict(Counter(own[0][0] for own in keys))
    )


def _told(rows: Rows, patients: str | None) -> dict[int, Keys]:
    """The keys of rows without a group of their own that are told by the names of their files."""
    if patients is None and not (rows.classes and rows.place.is_dir()):
        return {}
    places = [place for place, row in enumerate(rows) if row.group is None and row.files]
    if not places:
        return {}
    found = groups_of_examples(rows.folder, [_name(rows, rows[place].files[0]) for place in places], patients)
    split = [group.split(": ", 1) for group in found.of]
    return {place: [(how, what)] for place, (how, what) in zip(places, split, strict=True)}


def _own_keys(rows: Rows, row: Row) -> Keys:
    if row.group is not None:
        return [("group", row.group)]
    if not row.files:
        said = repr([turn["content"] for turn in row.messages if turn["role"] == "user"])  # with pictures inside it
        return [("words", sha256(said.encode()).hexdigest())]
    patients = {digest for path in row.files if (digest := _patient_of(path))}
    if patients:
        return [("DICOM's patient", digest) for digest in sorted(patients)]
    return [("file", _name(rows, path)) for path in row.files]


def _patient_of(path: Path) -> str | None:
    """The digest of the Patient ID in a DICOM file, or in the first one in a folder."""
    from osler.formats.detect import find_kind
    from osler.formats.dicom_patient import patient_digests

    inside = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    first = next((one for one in inside if find_kind(one) == "dicom"), None)
    return patient_digests([first])[0] if first else None


def _name(rows: Rows, path: Path) -> str:
    """A file's path from the folder of the data, the same wherever that lies."""
    return Path(relpath(path, rows.folder)).as_posix()


class _Clusters:
    """Places that are connected by something that they share."""

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))
        self._first: dict[Hashable, int] = {}

    def connect(self, key: Hashable, place: int) -> None:
        """Put a place together with all that have the key."""
        self._parents[self.root(place)] = self.root(self._first.setdefault(key, place))

    def root(self, place: int) -> int:
        while self._parents[place] != place:
            self._parents[place] = self._parents[self._parents[place]]
            place = self._parents[place]
        return place
