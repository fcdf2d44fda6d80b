"""Who asked what of which study: a line of JSON for each request and each job, a file for each month.

::

    {"time": "2026-11-22T10:58:23Z", "key": "ward-7", "task": "POST /v1/chat/completions", "studies": ["9f…"],
     "model": "medgemma-1.5-4b-it", "prompt_tokens": 272, "completion_tokens": 64, "status": 200, "seconds": 14.2}

No text, no name of a file, no address, no part of a path that a client chose.
"""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from osler.serve.ledger import Counts, Entry
from osler.serve.refusal import RefusedError
from osler.serve.uploads import Uploads
from osler.serve.vault import Vault

__all__ = ["AuditLog", "digests_of"]

SILENT_ROUTES = frozenset({"/health", "/ready", "/metrics", "/openapi.json", "/", "/assets/{name}"})
TILES = "/slide_files/"
"""A look at a slide is hundreds of these; that it was looked at, its other addresses tell."""


class AuditLog:
    """Appends lines to ``audit-2026-11.jsonl`` in a folder; the files are the server's owner's alone.

    A thread of its own writes them, so that no answer waits for the disk or the database. Where a line cannot be
    written (a full disk), the server goes on, says so once on stderr, and counts it.

    Args:
        folder: there already.
        model: by what name clients call it.
        uploads: tell what ids stand for.
        clock: seconds since 1970.

    Attributes:
        num_lost: lines that could not be written.
    """

    def __init__(self, folder: Path, model: str, uploads: Uploads, *, clock: Callable[[], float] = time.time) -> None:
        self.num_lost = 0
        self._folder = folder
        self._model = model
        self._uploads = uploads
        self._clock = clock
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="audit")

    def close(self) -> None:
        """Write what is left; nothing is taken down after it."""
        self._writer.shutdown()

    def ended(self, entry: Entry) -> None:
        """Take note of a request."""
        if entry.route in SILENT_ROUTES or TILES in entry.route:
            return
        self._put(
            {
                "key": entry.key or None,
                "task": f"{entry.method} {entry.route or '(unknown)'}" + (f" {entry.task}" if entry.task else ""),
            },
            {"status": entry.status},
            ids=entry.ids,
            pictures=entry.pictures,
            counts=entry.counts,
            seconds=entry.seconds,
            model=entry.model,
        )

    def job_ended(
        self,
        *,
        job: str,
        owner: str,
        task: str,
        studies: Iterable[str],
        counts: Counts,
        status: str,
        seconds: float,
        model: str = "",
    ) -> None:
        """Take note of a job that came to its end.

        Args:
            studies: their ids.
            model: as in `Entry`.
        """
        self._put(
            {"key": owner or None, "task": f"job {task}", "job": job},
            {"status": status},
            ids=studies,
            counts=counts,
            seconds=seconds,
            model=model,
        )

    def _put(
        self,
        first: dict[str, Any],
        last: dict[str, Any],
        *,
        ids: Iterable[str],
        counts: Counts,
        seconds: float,
        pictures: Iterable[str] = (),
        model: str = "",
    ) -> None:
        """Have a line written, of what is known now."""
        seen = {"pictures": sorted(set(pictures))} if pictures else {}
        last = {
            **seen,
            "model": model or self._model,
            "prompt_tokens": counts.prompt_tokens,
            "completion_tokens": counts.completion_tokens,
            **last,
            "seconds": round(seconds, 3),
        }
        with suppress(RuntimeError):  # after the end
            self._writer.submit(self._write, first, tuple(ids), last, self._clock())

    def _write(self, first: dict[str, Any], ids: Iterable[str], last: dict[str, Any], at: float) -> None:
        now = time.gmtime(at)
        digests = _digests_or_none(ids, self._uploads)
        line = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", now), **first, "studies": digests, **last}
        path = self._folder / time.strftime("audit-%Y-%m.jsonl", now)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, json.dumps(line).encode() + b"\n")
            finally:
                os.close(descriptor)
        except OSError as error:
            if not self.num_lost:
                print(f"fault: the audit log cannot be written: {error.strerror}", file=sys.stderr)
            self.num_lost += 1


def _digests_or_none(ids: Iterable[str], uploads: Uploads) -> list[str] | None:
    """As `digests_of`; None where the database fails, for a line without them is better than none."""
    try:
        return digests_of(ids, uploads)
    except (sqlite3.Error, RefusedError):
        return None


def digests_of(ids: Iterable[str], uploads: Uploads) -> list[str]:
    """The digests of what studies, files and jobs are made of, in order and once each.

    A file's is that of a study of this file alone, so that both can be found by it.
    """
    if not isinstance(uploads, Vault):
        return []
    found = [digest for one in ids for digest in _digests(one, uploads)]
    return list(dict.fromkeys(found))


def _digests(one: str, vault: Vault) -> list[str]:
    kind = one.partition("-")[0]
    if kind == "study" and (row := vault.database.one("studies", one)):
        return [json.loads(row["described"])["digest"]]
    if kind == "file" and (row := vault.database.one("files", one)):
        return [sha256(row["sha256"].encode()).hexdigest()]
    if kind == "job" and (row := vault.database.one("jobs", one)):
        return [digest for study in json.loads(row["studies"]) for digest in _digests(study, vault)]
    return []
