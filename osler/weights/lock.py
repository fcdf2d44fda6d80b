"""The lock file beside pulled weights: where each file came from, at which commit, and its exact bytes.

It is written at the first pull. Later pulls stay at its commit, and they and `osler doctor` check the files against it.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path

from osler.errors import DownloadError

__all__ = [
    "LOCK_NAME",
    "Advance",
    "Lock",
    "LockedFile",
    "Report",
    "check_file",
    "digest_file",
    "read_lock",
    "write_lock",
]

LOCK_NAME = "osler-lock.json"
VERSION = 1
CHUNK_BYTES = 1 << 22

Advance = Callable[[int, int], None]
"""Called as work goes on, with what is done and what there is to do, in bytes."""

Report = Callable[[str, int, int], None]
"""As `Advance`, with what is being done first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedFile:
    """A pulled file.

    Attributes:
        name: its path inside the folder of the lock, with forward slashes.
        repository: where it came from, "owner/name".
        revision: the commit, 40 hexadecimal digits.
        size_bytes: its size.
        sha256: the digest of its bytes.
    """

    name: str
    repository: str
    revision: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What a folder's lock file says."""

    files: tuple[LockedFile, ...] = ()

    def file(self, name: str) -> LockedFile | None:
        return next((file for file in self.files if file.name == name), None)

    def revision_of(self, repository: str) -> str | None:
        """The commit that this folder's files of a repository were pulled at; None where there are none."""
        return next((file.revision for file in self.files if file.repository == repository), None)

    def with_file(self, new: LockedFile) -> "Lock":
        """This lock with one file added or replaced."""
        others = [file for file in self.files if file.name != new.name]
        return Lock(files=tuple(sorted([*others, new], key=lambda file: file.name)))


def read_lock(folder: Path) -> Lock:
    """The lock of a folder; an empty one where there is none.

    Raises:
        DownloadError: the file is there but is not a lock that this version of Osler understands.
    """
    path = folder / LOCK_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != VERSION:
            raise DownloadError(
                f"cannot read `{path}`: expected version {VERSION}, got {content['version']!r}",
                hint="a newer Osler wrote it: use that one, or delete the file and pull again",
            )
        names = {field.name for field in fields(LockedFile)}
        files = [LockedFile(**{name: entry[name] for name in names}) for entry in content["files"]]
    except FileNotFoundError:
        return Lock()
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise DownloadError(
            f"cannot read `{path}`: it is not a lock file that Osler wrote ({type(error).__name__})",
            hint="delete it and pull again: the files are kept and checked against the hub",
        ) from error
    return Lock(files=tuple(files))


def write_lock(folder: Path, lock: Lock) -> None:
    """Replace a folder's lock file in one step, so that it is never half-written."""
    content = {"version": VERSION, "files": [asdict(file) for file in lock.files]}
    waiting = folder / f".{LOCK_NAME}.new"
    waiting.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    os.replace(waiting, folder / LOCK_NAME)


def digest_file(path: Path, advance: Advance | None = None) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    digest, done, total = sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            if advance is not None:
                advance(done, total)
    return digest.hexdigest()


def check_file(
    folder: Path, locked: LockedFile, advance: Advance | None = None, *, read_all: bool = True
) -> str | None:
    """What is wrong with a locked file, in words; None where its bytes are the ones that were pulled.

    Reads the whole file unless its size already differs, or `read_all` is false: then the size alone counts.
    """
    path = folder / locked.name
    if not path.is_file():
        return f"`{locked.name}` is missing"
    size_bytes = path.stat().st_size
    if size_bytes != locked.size_bytes:
        return f"`{locked.name}` has {size_bytes:,} bytes, {locked.size_bytes:,} were pulled"
    if not read_all:
        return None
    digest = digest_file(path, advance)
    if digest != locked.sha256:
        return f"`{locked.name}` has SHA-256 {digest[:16]}…, {locked.sha256[:16]}… was pulled"
    return None
