"""Fetching one file so that nothing is fetched twice and nothing wrong is kept.

Bytes go to `.NAME.DIGEST.part` beside the file's place. An interrupted fetch leaves that file, and the next one goes
on from its end. Only bytes with the digest that the hub announced get the file's own name.
"""

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from osler.errors import DownloadError
from osler.weights.hub import Hub, RemoteFile, Unreachable
from osler.weights.lock import Advance, Report, digest_file

__all__ = ["fetch_file", "part_path"]

WAITS_S = (0.5, 2.0, 5.0)
"""Pauses before each further try; as many tries in a row without a single byte end the fetch."""

Source = Callable[[int], AbstractContextManager[tuple[int, Iterator[bytes]]]]


def part_path(folder: Path, file: RemoteFile) -> Path:
    """Where a file's bytes wait until they are whole; another content of the same name has another place."""
    place = folder / file.name
    digest = file.sha256 or file.git_sha1 or "unknown"
    return place.with_name(f".{place.name}.{digest[:12]}.part")


def fetch_file(hub: Hub, repository: str, revision: str, file: RemoteFile, *, folder: Path, report: Report) -> str:
    """Fetch one file into a folder, going on where an earlier try ended.

    Returns:
        the SHA-256 of its bytes.

    Raises:
        DownloadError: the hub refuses, stays silent or sends other bytes than it announced, or the disk is full.
    """
    part, advance = part_path(folder, file), partial(report, f"Fetching {file.name}")
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("ab") as sink, _alone(sink, file.name), _disk_errors(part):
        if part.stat().st_size > file.size_bytes:
            sink.truncate(0)
        _receive_all(lambda offset: hub.open_file(repository, revision, file.name, offset), sink, file, advance)
    digest = digest_file(part, partial(report, f"Checking {file.name}"))
    if not file.matches(part, digest):
        part.unlink()
        raise DownloadError(
            f"cannot use what came for `{file.name}`: its bytes do not have the digest that the hub announced",
            hint="pull again; if it comes again, something on the way (a proxy, a mirror) changes the file",
        )
    os.replace(part, folder / file.name)
    return digest


def _receive_all(source: Source, sink: BinaryIO, file: RemoteFile, advance: Advance) -> None:
    """Connect as often as it takes until the whole file has come."""
    silent_tries = 0
    while (before := _size(sink)) < file.size_bytes:
        failure = None
        try:
            _receive(source, sink, file.size_bytes, advance)
        except Unreachable as error:
            failure = error
        silent_tries = 0 if _size(sink) > before else silent_tries + 1
        if silent_tries > len(WAITS_S):
            raise failure or _broken(file, _size(sink))
        if _size(sink) < file.size_bytes:
            time.sleep(WAITS_S[max(silent_tries, 1) - 1])


def _receive(source: Source, sink: BinaryIO, total: int, advance: Advance) -> None:
    """Append what one connection brings, from the end of what is already here."""
    offset = _size(sink)
    advance(offset, total)
    with source(offset) as (start, pieces):
        if start != offset:  # the server does not know ranges: begin again
            sink.truncate(start)
        done = start
        for piece in pieces:
            sink.write(piece[: total - done])
            done = min(done + len(piece), total)
            advance(done, total)
            if done == total:
                return


def _size(sink: BinaryIO) -> int:
    sink.flush()
    return os.fstat(sink.fileno()).st_size


def _broken(file: RemoteFile, size_bytes: int) -> DownloadError:
    return DownloadError(
        f"cannot fetch `{file.name}`: the connection ends early, {size_bytes:,} of {file.size_bytes:,} bytes came",
        hint="run it again: it goes on from there",
    )


@contextmanager
def _alone(sink: BinaryIO, name: str) -> Iterator[None]:
    """Hold the part file for this process; two pulls that append to one file would spoil it."""
    try:
        import fcntl
    except ImportError:  # a system without it: the digest still tells a spoiled file
        yield
        return
    try:
        fcntl.flock(sink, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DownloadError(
            f"cannot fetch `{name}`: another pull is fetching it into the same folder",
            hint="wait for it, or give another folder with --to",
        ) from error
    yield


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    """Say it when the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise DownloadError(
            f"cannot fetch into `{path.parent}`: the disk is full",
            hint="free some room and pull again: it goes on from where it ended",
        ) from error
