"""Which examples must stay together when a probe is scored: pictures of one patient are alike for other reasons.

==================  =================================================================================================
None                DICOM's Patient ID where files have one, else the folder below the label's where each label has
                    several, else the file itself
"folder"            the folder below the label's: `melanoma/patient-17/3.jpg`
"file"              the file: slices and pages of one stay together, several files of one patient do not
a regular expression  with one group in brackets, found in the path: `(\\d+)_\\d+`
a .csv file         with the columns `file` (path below the folder, or the file's name) and `patient`
==================  =================================================================================================
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from osler.errors import InputError

__all__ = ["Groups", "groups_of_examples"]

COLUMNS = ("file", "patient")
NAMED = 3
HINT = "expected `folder`, `file`, a regular expression with one group in brackets, or a .csv with file and patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Who each example belongs to.

    Attributes:
        of: for each example, what is the same for those that stay together.
        by: how that was told, for people: "DICOM's patient", "folder", "file", …, with how many files each told.
    """

    of: tuple[str, ...]
    by: dict[str, int]

    @property
    def are_of_patients(self) -> bool:
        """Whether no file stands for itself alone."""
        return "file" not in self.by


def groups_of_examples(folder: Path, names: Sequence[str], patients: str | None = None) -> Groups:
    """Tell which examples belong together.

    Args:
        folder: that the examples lie in.
        names: of each example, its file's path below the folder, such as "melanoma/3.jpg"; a file may come twice.
        patients: how to tell, as above.

    Raises:
        InputError: the pattern or the table does not tell it of every file.
    """
    files = list(dict.fromkeys(names))
    if patients is None:
        told = _as_they_are(folder, files)
    elif patients == "file":
        told = [("file", name) for name in files]
    elif patients == "folder":
        told = _all_told(
            "folder", {name: _folder_of(name) for name in files}, "they lie in no folder below their label's"
        )
    elif patients.endswith(".csv"):
        told = _all_told("table", _by_table(Path(patients), files), f"they have no row in `{patients}`")
    else:
        told = _all_told("pattern", _by_pattern(patients, files), "the pattern does not match")
    group = {name: f"{how}: {who}" for name, (how, who) in zip(files, told, strict=True)}
    return Groups(of=tuple(group[name] for name in names), by=dict(Counter(how for how, _ in told)))


def _as_they_are(folder: Path, files: Sequence[str]) -> list[tuple[str, str]]:
    from osler.formats.detect import find_kind
    from osler.formats.dicom_patient import patient_digests

    dicom = [name for name in files if find_kind(folder / name) == "dicom"]
    patients = dict(zip(dicom, patient_digests([folder / name for name in dicom]), strict=True))
    told = []
    tells = _do_folders_tell(files)
    for name in files:
        digest, below = patients.get(name), _folder_of(name)
        if digest is not None:
            told.append(("DICOM's patient", digest))
        else:
            told.append(("folder", below) if below and tells else ("file", name))
    return told


def _do_folders_tell(files: Sequence[str]) -> bool:
    """Whether each label has several folders below it, and not one that holds all."""
    below: dict[str, set[str]] = defaultdict(set)
    for name in files:
        below[name.partition("/")[0]].add(_folder_of(name))
    return all(len(folders) > 1 for folders in below.values())


def _folder_of(name: str) -> str:
    """The folder below the label's, which patients with pictures of two labels have in both; "" for none."""
    parts = PurePosixPath(name).parts
    return parts[1] if len(parts) > 2 else ""


def _by_pattern(pattern: str, files: Sequence[str]) -> dict[str, str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InputError(f"cannot use the pattern {pattern!r}: {error}", hint=HINT) from None
    if compiled.groups != 1:
        raise InputError(f"cannot use {pattern!r} to tell patients apart: {HINT}")
    matches = {name: compiled.search(name) for name in files}
    return {name: (match[1] or "") if match else "" for name, match in matches.items()}


def _by_table(path: Path, files: Sequence[str]) -> dict[str, str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = {(name or "").strip().casefold(): name for name in reader.fieldnames or ()}
            if any(column not in columns for column in COLUMNS):
                raise InputError(f"cannot use `{path}`: expected the columns file and patient")
            given = {(row[columns["file"]] or "").strip(): (row[columns["patient"]] or "").strip() for row in reader}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(f"cannot open `{path}`: {why}", hint=HINT) from None
    return {name: given.get(name) or given.get(PurePosixPath(name).name, "") for name in files}


def _all_told(how: str, told: dict[str, str], problem: str) -> list[tuple[str, str]]:
    """What was told of each file.

    Raises:
        InputError: something was told of some only.
    """
    missing = [name for name, who in told.items() if not who]
    if missing:
        more = ", …" if len(missing) > NAMED else ""
        named = ", ".join(f"`{name}`" for name in missing[:NAMED])
        raise InputError(
            f"cannot tell whose {len(missing):,} of {len(told):,} examples are: {problem} ({named}{more})", hint=HINT
        )
    return [(how, who) for who in told.values()]
