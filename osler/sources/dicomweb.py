"""A study from a DICOMweb server, instance by instance, into a folder where what has come stays.

Searches (QIDO-RS) go through dicomweb-client; the instances (WADO-RS) are written to the disk as they come and as the
server has them, which the client does not offer (docs/decisions/030).
"""

import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import requests
from dicomweb_client.web import DICOMwebClient

from osler.errors import DownloadError
from osler.sources.address import StudyAddress
from osler.sources.multipart import first_part
from osler.sources.retry import persist
from osler.sources.session import TIMEOUT_S, explaining, open_session

__all__ = ["FetchedStudy", "fetch_study"]

MAX_LIST_BYTES = 1 << 25
MAX_INSTANCES = 100_000
PAGE = 1000
PIECE_BYTES = 1 << 18
SPARE_BYTES = 1 << 29  # left free on the disk
UNFINISHED = ".part"
LEFTOVER_S = 3600
ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
UID = re.compile(r"[0-9.]{1,64}")
SERIES_UID, INSTANCE_UID, MODALITY = "0020000E", "00080018", "00080060"
WITHOUT_IMAGES = frozenset(("SR", "PR", "KO", "DOC", "AU", "REG", "RTSTRUCT", "RTPLAN", "PLAN"))

Advance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedStudy:
    """What has come.

    Attributes:
        files: one DICOM file an instance, in the server's order.
        skipped: (what, why) for series that were not asked for, because they hold no images.
    """

    files: tuple[Path, ...]
    skipped: tuple[tuple[str, str], ...]


def fetch_study(address: StudyAddress, folder: Path, *, advance: Advance) -> FetchedStudy:
    """Make sure that all instances of a study, a series or an instance's address are in a folder.

    What an earlier call has fetched is not fetched again: an instance gets its name when all of it has come, and does
    not change under its UID (PS3.3 C.12.1). A connection that breaks is made anew.

    Args:
        address: of the study.
        folder: where its files go, in folders and under names that tell no UID.
        advance: called with how many instances have come and how many there are.

    Raises:
        DownloadError: the server, the connection or the disk is in the way.
    """
    named, skipped = persist(lambda: _list_instances(address))
    if not named:
        raise DownloadError(
            f"cannot fetch `{address.shown}`: the server names no images there", hint="check the UIDs in the address"
        )
    _drop_leftovers(folder)
    files: list[Path] = []
    with open_session(address.base) as session:
        advance(0, len(named))
        for series, instance in named:
            path = folder / _digest(series, 12) / f"{_digest(instance, 24)}.dcm"
            if not path.exists():
                what = f"image {len(files) + 1} of {len(named)}"
                url = f"{address.base}/studies/{address.study}/series/{series}/instances/{instance}"
                persist(partial(_receive, session, address.base, url, path, what))
            files.append(path)
            advance(len(files), len(named))
    return FetchedStudy(files=tuple(files), skipped=skipped)


def _list_instances(address: StudyAddress) -> tuple[list[tuple[str, str]], tuple[tuple[str, str], ...]]:
    """(series UID, instance UID) of what the address names, and the series that are left out."""
    with open_session(address.base, max_answer_bytes=MAX_LIST_BYTES) as session, explaining(address.base, "the study"):
        client = DICOMwebClient(address.base, session=session, permissive_uid=True, timeout=TIMEOUT_S)
        client.set_http_retry_params(retry=False)  # it would repeat every error, and nothing that breaks on the way
        if address.series is not None and address.instance is not None:
            return [(address.series, address.instance)], ()
        series, skipped = ([address.series], ()) if address.series is not None else _list_series(client, address.study)
        found = [
            (uid, _uid(entry, INSTANCE_UID))
            for uid in series
            for entry in _pages(partial(client.search_for_instances, address.study, uid))
        ]
    return list(dict.fromkeys(found)), skipped


def _list_series(client: DICOMwebClient, study: str) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """The UIDs of a study's series with images, and what is said of those without."""
    series, skipped = [], []
    for entry in _pages(partial(client.search_for_series, study)):
        modality = _value(entry, MODALITY)
        if modality in WITHOUT_IMAGES:
            skipped.append((f"a series of modality {modality}", "it holds no images"))
        else:
            series.append(_uid(entry, SERIES_UID))
    return series, tuple(skipped)


def _pages(search: Callable[..., Sequence[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """All results of a search, page by page, until one brings nothing new: some servers know no offset."""
    seen: set[tuple[str | None, str | None]] = set()
    offset = 0
    while page := search(limit=PAGE, offset=offset):
        before = len(seen)
        for entry in page:
            key = (_value(entry, SERIES_UID), _value(entry, INSTANCE_UID))
            if key not in seen:
                seen.add(key)
                yield entry
        if len(seen) == before:
            return
        if len(seen) > MAX_INSTANCES:
            raise DownloadError(f"cannot fetch the study: it has more than {MAX_INSTANCES:,} images")
        offset += len(page)


def _value(entry: dict[str, Any], tag: str) -> str | None:
    """The first value of an element in DICOM JSON (PS3.18 annex F)."""
    try:
        value = entry[tag]["Value"][0]
    except (KeyError, IndexError, TypeError):
        return None
    return value if isinstance(value, str) else None


def _uid(entry: dict[str, Any], tag: str) -> str:
    """A UID that is put into an address, so nothing but a UID will do."""
    value = _value(entry, tag)
    if value is None or not UID.fullmatch(value):
        raise DownloadError("cannot fetch the study: the server names a series or an image without a proper UID")
    return value


def _digest(uid: str, length: int) -> str:
    return sha256(uid.encode()).hexdigest()[:length]


def _receive(session: requests.Session, base: str, url: str, path: Path, what: str) -> None:
    """Fetch one instance."""
    headers = {"Accept": ACCEPT, "Accept-Encoding": "identity"}
    with explaining(base, what), session.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
        response.raise_for_status()
        content_type = response.headers.get("Content-Type", "")
        with _new_file(path) as sink:
            for piece in first_part(content_type, response.iter_content(PIECE_BYTES)):
                sink.write(piece)
                if shutil.disk_usage(path.parent).free < SPARE_BYTES:
                    raise OSError(errno.ENOSPC, "no room")
            sink.seek(128)
            if sink.read(4) != b"DICM":
                raise DownloadError(f"cannot fetch {what}: the server sent something that is no DICOM file")


def _drop_leftovers(folder: Path) -> None:
    """Remove what a program that was killed had not finished; younger files may be another program's."""
    for path in folder.glob(f"*/.*{UNFINISHED}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > LEFTOVER_S:
                path.unlink()


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name when it is whole, and is gone otherwise.

    Raises:
        DownloadError: the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, waiting = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=UNFINISHED)
    try:
        with open(handle, "w+b") as sink:
            yield sink
        os.replace(waiting, path)
    except BaseException as error:
        os.unlink(waiting)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise DownloadError(
                f"cannot fetch into `{path.parent}`: the disk is full",
                hint="free some room, or set OSLER_CACHE to a folder on a larger disk, and run it again",
            ) from None
        raise
