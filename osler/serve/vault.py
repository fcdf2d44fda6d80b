"""Uploads: a private folder with a file for each, known by ids that say nothing, deleted after a time.

::

    files/file-…       what was uploaded, whole
    pieces/part-…      parts of what is still coming
    studies/study-…/   a folder for each study, with links to its files
    views/study-…/     what the model sees of a study, once somebody wanted to see it
    talks/study-…/     what was asked of a study, where somebody keeps it
    jobs/job-…/        what jobs wrote
    scratch/           what is unpacked for one answer
"""

import json
import shutil
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from osler.serve.database import Database
from osler.serve.ids import new_id, plain_name, unknown
from osler.serve.parts import Parts
from osler.serve.private import Readable, hidden, private_folder, write_stream
from osler.serve.refusal import RefusedError
from osler.tasks.scratch import scratch_in

__all__ = ["Stored", "Vault", "new_id", "private_folder"]

TABLE_OF = {
    "files": "files",
    "pieces": "parts",
    "studies": "studies",
    "views": "studies",
    "talks": "studies",
    "jobs": "jobs",
    "scratch": "files",  # where none of it stands
}
"""The folders, and in which table stands what lies in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One upload, whole.

    Attributes:
        name: as the client calls it; told to that client alone.
        created, expires: seconds since 1970.
    """

    id: str
    owner: str
    name: str
    purpose: str
    size_bytes: int
    sha256: str
    created: float
    expires: float


class Vault:
    """What clients uploaded.

    Args:
        folder: everything lies below it; made for its owner alone.
        database: knows what there is.
        keep_s: seconds after which an upload is deleted.
        max_file_bytes: of one upload.

    Attributes:
        parts: what comes in pieces.
        drawing: held by who draws what a model sees of a study.
        on_delete: told when a study was deleted, to forget what of it is in memory.

    Raises:
        InputError: the folder cannot be made.
    """

    def __init__(self, folder: Path, database: Database, *, keep_s: float, max_file_bytes: int) -> None:
        self.folder = folder
        self.keep_s = keep_s
        self.max_file_bytes = max_file_bytes
        self.database = database
        self.parts = Parts(self)
        self.drawing = Lock()
        self.on_delete: list[Callable[[], None]] = []
        for name in TABLE_OF:
            private_folder(folder / name)

    def add(self, content: Readable, *, owner: str, name: str, purpose: str, most_bytes: int | None = None) -> Stored:
        """Take an upload in.

        Args:
            most_bytes: that it may have; None for as many as the server takes.

        Raises:
            RefusedError: it is empty, too large (413), or the disk is full (507); nothing is left of it.
        """
        path = self.folder / "files" / (file_id := new_id("file"))
        size, digest = write_stream(path, content, most_bytes=self.max_file_bytes if most_bytes is None else most_bytes)
        return self.keep(file_id, owner=owner, name=name, purpose=purpose, size=size, digest=digest)

    def files(self, *, owner: str) -> list[Stored]:
        """What is there of an owner's."""
        return [Stored(**row) for row in self.database.where("files", "owner = ?", owner)]

    def file(self, file_id: str, *, owner: str) -> Stored:
        """One of them.

        Raises:
            RefusedError: there is none of that id that is the owner's.
        """
        row = self.database.one("files", file_id)
        if row is None or row["owner"] != owner:
            raise unknown(file_id)
        return Stored(**row)

    def path_of(self, file_id: str, *, owner: str) -> Path:
        """Where an upload, or the files of a study, lie."""
        if file_id.startswith("study-"):
            return self.study_path(self.study(file_id, owner=owner)["id"])
        return self.folder / "files" / self.file(file_id, owner=owner).id

    def study_options(self, file_id: str, *, owner: str) -> Mapping[str, Any]:
        """What was chosen of a study when it was made; nothing for an upload."""
        if not file_id.startswith("study-"):
            return {}
        chosen: Mapping[str, Any] = json.loads(self.study(file_id, owner=owner)["options"])
        return chosen

    def study(self, study_id: str, *, owner: str) -> dict[str, Any]:
        """The row of a study.

        Raises:
            RefusedError: there is none of that id that is the owner's.
        """
        row = self.database.one("studies", study_id)
        if row is None or row["owner"] != owner:
            raise RefusedError(404, f"there is no study `{study_id[:64]}`", code="not_found", param="study_id")
        return row

    def study_path(self, study_id: str) -> Path:
        """The folder of a study, or the one file in it."""
        folder = self.folder / "studies" / study_id
        found = sorted(folder.iterdir())
        return found[0] if len(found) == 1 else folder

    def scratch(self) -> AbstractContextManager[None]:
        """A block in which what is unpacked lies beside the uploads, and at whose end it is gone."""
        return scratch_in(self.folder / "scratch")

    def without_paths(self, text: str) -> str:
        """A text that does not tell where this machine keeps uploads."""
        return hidden(text, self.folder)

    def delete_study(self, study_id: str) -> None:
        """Delete a study with its files and what was drawn of them."""
        self.database.delete("studies", study_id)
        for name in ("studies", "views", "talks"):
            shutil.rmtree(self.folder / name / study_id, ignore_errors=True)
        for forget in self.on_delete:
            forget()

    def delete(self, file_id: str, *, owner: str) -> None:
        """Delete an upload; studies made of it keep theirs until they are deleted."""
        path = self.path_of(self.file(file_id, owner=owner).id, owner=owner)
        self.database.delete("files", file_id)
        path.unlink(missing_ok=True)
        self.database.tidy()

    def sweep(self, *, in_use: Collection[str] = (), orphans_s: float | None = None) -> int:
        """Delete what has outlived its time, and what belongs to nothing; how many files and studies went.

        Args:
            in_use: ids of studies that are worked on, which stay for now.
            orphans_s: how old a file is that belongs to nothing; None for as long as uploads are kept.
        """
        now, count = time.time(), 0
        for row in self.database.where("files", "expires < ?", now):
            self.delete(row["id"], owner=row["owner"])
            count += 1
        self.parts.sweep()
        for row in self.database.where("studies", "expires < ?", now):
            if row["id"] not in in_use:
                self.delete_study(row["id"])
                count += 1
        self._sweep_orphans(now - (self.keep_s if orphans_s is None else orphans_s))
        self.database.tidy()
        return count

    def _sweep_orphans(self, before: float) -> None:
        """Delete what lies in the folders and in no table: left by a server that was killed in mid-upload."""
        for folder, table in TABLE_OF.items():
            for path in (self.folder / folder).iterdir():
                if path.lstat().st_mtime <= before and self.database.one(table, path.name) is None:
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def keep(self, file_id: str, *, owner: str, name: str, purpose: str, size: int, digest: str) -> Stored:
        """Take note of an upload whose bytes are there."""
        now = time.time()
        stored = Stored(
            id=file_id,
            owner=owner,
            name=plain_name(name),
            purpose=purpose,
            size_bytes=size,
            sha256=digest,
            created=now,
            expires=now + self.keep_s,
        )
        self.database.insert("files", **{field: getattr(stored, field) for field in Stored.__slots__})
        return stored
