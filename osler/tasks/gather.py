"""Whatever a person hands over, as files with their kinds.

::

    chest.dcm        a file            ─────────────────────────────────┐
    study/           a folder          all files in it, and below it    │
    study.zip        a ZIP             unpacked, then as a folder       ├─►  Found(path, kind, shown)
    DICOMDIR         a disc's index    the files that it names          │
    dicomweb://…     a study           fetched, kept in the cache       │
    https://…        a patient's FHIR  fetched, gone at the end         ┘

What is named itself must be of a kind that Osler reads; what lies in a folder or an archive may be skipped, with a
reason that names no file.
"""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from osler.errors import InputError, OslerError
from osler.folders import cache_folder
from osler.formats.archive import Allowance, is_clutter, unpack
from osler.formats.detect import Kind, Stranger, detect, find_kind
from osler.formats.dicomdir import read_dicomdir
from osler.formats.files import check_file
from osler.formats.quiet import silenced
from osler.sources.address import PatientAddress, StudyAddress, is_address, parse_address
from osler.tasks.progress import Progress, no_progress
from osler.tasks.scratch import temporary_folder

__all__ = [
    "FETCHING",
    "LOOKING",
    "UNPACKING",
    "Found",
    "Gathered",
    "fetched_folder",
    "gather",
    "naming_as_written",
    "reason_of",
]

FETCHING = "Fetching from the server"
LOOKING = "Looking through files"
UNPACKING = "Unpacking"

MAX_FILES = 200_000
MAX_NESTING = 2  # archives in archives
KEPT_DAYS = 7
SECONDS_A_DAY = 86_400
BY_ITSELF = "a DICOMDIR; the files beside it are read themselves"

Source = str | os.PathLike[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file that Osler reads.

    Attributes:
        path: where it is.
        kind: what it is, by its content; never "zip" or "dicomdir".
        shown: how a person knows it: as it was written, or what was written and the place in it.
    """

    path: Path
    kind: Kind
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What was found, and what was not taken.

    Attributes:
        found: in the order of the sources, inside a folder by name.
        skipped: (how a person knows it, why); the reasons name no file, so that equal ones can be counted.
    """

    found: tuple[Found, ...]
    skipped: tuple[tuple[str, str], ...] = ()


def gather(sources: Sequence[Source], *, progress: Progress = no_progress) -> Gathered:
    """Find the files that a person means.

    Archives are unpacked into private temporary folders, which are removed when the program ends. Studies from servers
    are kept in the cache (`fetched_folder`) for some days after their last use, so that no image is fetched twice.

    Args:
        sources: paths of files, folders, ZIP archives or DICOMDIRs; addresses of studies and patients on servers.
        progress: told of what takes long.

    Raises:
        InputError: a source is not there, is of no kind that is read, or is too large to unpack.
        DownloadError: a server cannot give what was asked for.
    """
    collector = _Collector(progress=progress)
    for source in sources:
        collector.add(os.fspath(source))
    return Gathered(found=tuple(collector.found), skipped=tuple(collector.skipped))


def fetched_folder() -> Path:
    """Where studies from servers are kept; deleting it loses nothing that cannot be fetched again."""
    return cache_folder() / "fetched"


@contextmanager
def naming_as_written(found: Sequence[Found]) -> Iterator[None]:
    """Let errors name files as a person knows them, where they lie in a temporary folder or in the cache."""
    try:
        yield
    except OslerError as error:
        message = error.message
        for file in found:
            message = message.replace(f"`{file.path}`", f"`{file.shown}`")
        error.message, error.args = message, (message,)
        raise


@dataclass(slots=True, kw_only=True)
class _Collector:
    """What is found grows from source to source."""

    progress: Progress
    found: list[Found] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    taken: set[Path] = field(default_factory=set)

    def add(self, source: str) -> None:
        """One source, whatever it is."""
        if is_address(source):
            self._add_address(source)
        elif os.path.isdir(source):
            self._add_folder(Path(source), source, Allowance(), nesting=0)
        else:
            path = check_file(source)
            self._add_named(path, detect(path), source)

    def _add_named(self, path: Path, kind: Kind, shown: str) -> None:
        if kind == "zip":
            self._add_archive(path, shown, Allowance(), nesting=0)
        elif kind == "dicomdir":
            self._add_directory(path, shown)
        else:
            self._take(path, kind, shown)

    def _take(self, path: Path, kind: Kind, shown: str) -> None:
        self.found.append(Found(path=path, kind=kind, shown=shown))
        self.taken.add(path.resolve())

    def _add_folder(self, folder: Path, shown: str, allowance: Allowance, *, nesting: int) -> None:
        """All that lies in a folder and below it; what was taken before is not taken twice."""
        paths = _files_below(folder, shown, self.skipped)
        for number, path in enumerate(paths):
            self.progress(LOOKING, number, len(paths))
            name = os.path.join(shown, path.relative_to(folder))
            if path.resolve() not in self.taken:
                self._add_member(path, name, allowance, nesting=nesting)
        self.progress(LOOKING, len(paths), len(paths))

    def _add_member(self, path: Path, shown: str, allowance: Allowance, *, nesting: int) -> None:
        """A file that nobody named: unreadable ones are skipped."""
        try:
            kind = find_kind(check_file(path))
        except InputError as error:
            self.skipped.append((shown, reason_of(error)))
            return
        if isinstance(kind, Stranger):
            self.skipped.append((shown, kind.name))
        elif kind == "dicomdir":
            self.skipped.append((shown, BY_ITSELF))
        elif kind != "zip":
            self._take(path, kind, shown)
        elif nesting >= MAX_NESTING:
            self.skipped.append((shown, f"an archive in {nesting} others"))
        else:
            try:
                self._add_archive(path, shown, allowance, nesting=nesting)
            except InputError as error:
                self.skipped.append((shown, reason_of(error)))

    def _add_archive(self, path: Path, shown: str, allowance: Allowance, *, nesting: int) -> None:
        folder = temporary_folder()
        report = partial(self.progress, UNPACKING)
        for name, reason in unpack(path, folder, allowance, shown=shown, advance=report):
            self.skipped.append((os.path.join(shown, name), reason))
        self._add_folder(folder, shown, allowance, nesting=nesting + 1)

    def _add_directory(self, path: Path, shown: str) -> None:
        """What a DICOMDIR names."""
        directory = read_dicomdir(path)
        if not directory.files:
            raise InputError(
                f"cannot read `{shown}`: it names {directory.num_missing + directory.num_outside:,} files, and none of "
                "them is there",
                hint="copy the whole disc, or name the folder of the images",
            )
        for file in directory.files:
            if file.resolve() not in self.taken:
                name = os.path.join(os.path.dirname(shown), file.relative_to(path.parent))
                self._add_member(file, name, Allowance(), nesting=MAX_NESTING)
        self.skipped += [(shown, "named by the DICOMDIR, and not there")] * directory.num_missing
        self.skipped += [(shown, "named by the DICOMDIR, outside its folder")] * directory.num_outside

    def _add_address(self, source: str) -> None:
        address = parse_address(source)
        with silenced("dicomweb_client"), silenced("urllib3"):  # both would log addresses, and so UIDs
            if isinstance(address, StudyAddress):
                self._add_study(address)
            else:
                self._add_patient(address)

    def _add_study(self, address: StudyAddress) -> None:
        from osler.sources.dicomweb import fetch_study

        folder = _private_folder(fetched_folder()) / address.digest
        _forget_old(fetched_folder(), keep=folder)
        study = fetch_study(address, _private_folder(folder), advance=partial(self.progress, FETCHING))
        os.utime(folder)
        self.skipped += [(address.shown, f"{what}: {reason}") for what, reason in study.skipped]
        for number, path in enumerate(study.files, start=1):
            self._add_member(path, f"{address.shown} (image {number})", Allowance(), nesting=MAX_NESTING)

    def _add_patient(self, address: PatientAddress) -> None:
        from osler.sources.fhir_server import fetch_record

        path = temporary_folder() / "record.ndjson"
        skipped = fetch_record(address, path, advance=partial(self.progress, FETCHING))
        self.skipped += [(address.shown, f"{what}: {reason}") for what, reason in skipped]
        self._take(path, detect(path), address.shown)


def _private_folder(folder: Path) -> Path:
    """A folder that only this user reads, made where it is not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def _forget_old(root: Path, *, keep: Path) -> None:
    """Remove studies that nobody has asked for in `KEPT_DAYS` days."""
    oldest = time.time() - KEPT_DAYS * SECONDS_A_DAY
    for folder in root.iterdir():
        with suppress(OSError):  # another program of ours may be removing it, too
            if folder != keep and folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)


def _files_below(folder: Path, shown: str, skipped: list[tuple[str, str]]) -> list[Path]:
    """The files in a folder and below it, by name; hidden ones, and the insides of MIRAX slides, are passed over.

    Links are followed, each folder is entered once.
    """
    paths: list[Path] = []
    entered: set[tuple[int, int]] = set()
    walk = os.walk(folder, followlinks=True, onerror=lambda error: skipped.append((shown, _unreadable(error))))
    for place, folders, names in walk:
        status = os.stat(place)
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        inside = {os.path.splitext(name)[0] for name in names if name.lower().endswith(".mrxs")}
        folders[:] = sorted(name for name in folders if not is_clutter(name) and name not in inside)
        paths += [Path(place, name) for name in sorted(names) if not is_clutter(name)]
        if len(paths) > MAX_FILES:
            raise InputError(
                f"cannot look through `{shown}`: it holds more than {MAX_FILES:,} files",
                hint="name the folder of one study",
            )
    return paths


def reason_of(error: OslerError) -> str:
    """What an error says, without the name of the file."""
    return error.message.rpartition("`: ")[2]


def _unreadable(error: OSError) -> str:
    return f"a folder that cannot be read ({error.strerror or type(error).__name__})"
