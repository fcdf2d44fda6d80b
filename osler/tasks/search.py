"""Searching a folder's pictures by words or by a picture, over an index that is kept on the disk.

An index holds, for each picture in the folder and below it, MedSigLIP's vector and where the picture is. The next
search looks only at files that are new or changed. It lies in Osler's cache, readable by this user only, and never in
the folder itself; it holds file names as they are in the folder, and vectors tell something of their pictures, so it
is as private as the folder.

::

    indexes/3f2a…/entries.json           files with size, time of change and rows; names the file of vectors
                  vectors-7.usearch      written whole, then named: an interruption leaves the one before
"""

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from osler.errors import InputError, MissingExtraError
from osler.tasks.embed import embed
from osler.tasks.index_files import default_place, files_below, state_of
from osler.tasks.pictures import pictures_in
from osler.values import NOTICE

if TYPE_CHECKING:
    from osler.tasks.medsiglip import MedSiglip

__all__ = ["Found", "Hit", "PictureIndex", "Update"]

LAYOUT = 1
"""Raised whenever the meaning of the stored files changes."""

EXACT_UP_TO = 20_000
"""Vectors that are all compared; of more, the nearest are found along usearch's graph, which may miss some."""

SAVE_EVERY = 64
"""Files read between two writings: so much is lost at most when the power fails."""

UNTRIED = [-2, -2]
"""The state of a file that an extra is needed for: it is tried again when the extra may be there."""

STALE_S = 3600.0
"""Vectors that no entries have named for so long are left over from a process that was stopped."""

ATTEMPTS = 3
"""Readings of an index that another process may be writing."""

INDEXING = "Indexing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A picture that was found.

    Attributes:
        path: of its file.
        name: for people, with its place in the file where that holds several pictures.
        cosine: how near it is, -1 to 1; pictures lie nearer to pictures than to texts.
    """

    path: str
    name: str
    cosine: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search gave, the nearest first."""

    query: str
    hits: tuple[Hit, ...]
    num_pictures: int
    model: str
    weights_id: str
    notice: str = NOTICE

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What bringing an index up to date did; `skipped` counts files without a picture."""

    num_added: int
    num_removed: int
    num_kept: int
    num_pictures: int
    skipped: int


class PictureIndex:
    """The pictures of a folder.

    Args:
        folder: what is searched.
        medsiglip: what computes the vectors; an index of another `way` is begun again.
        place: where the index lies; None for a folder in the cache.

    Raises:
        InputError: there is no such folder, or the index cannot be read or written.
        MissingExtraError: the extra `search` is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str], medsiglip: "MedSiglip", *, place: Path | None = None) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise InputError(f"cannot search `{folder}`: expected a folder")
        self._medsiglip = medsiglip
        self._place = place or default_place(self.folder)
        self._files: dict[str, dict[str, Any]] = {}
        self._next_key = self._writings = 0
        self._written = ""
        self._vectors = _empty(medsiglip.config.width)
        self._read()

    @property
    def num_pictures(self) -> int:
        return sum(len(entry["rows"]) for entry in self._files.values())

    def update(self) -> Update:
        """Read what is new or changed in the folder, and forget what is gone; Ctrl-C keeps what was done."""
        now = {path.relative_to(self.folder).as_posix(): path for path in files_below(self.folder)}
        states = {name: state_of(path) for name, path in now.items()}
        gone = [name for name in self._files if name not in now]
        new = [name for name, state in states.items() if _state_of(self._files.get(name)) != state]
        for name in [*gone, *(name for name in new if name in self._files)]:
            self._forget(name)
        try:
            for number, name in enumerate(new):
                self._medsiglip.progress(INDEXING, number, len(new))
                self._add(name, now[name], states[name])
                if number % SAVE_EVERY == SAVE_EVERY - 1:
                    self._write()
        finally:
            if new or gone:
                self._write()
        read = [self._files[name] for name in new if self._files[name]["rows"]]
        return Update(
            num_added=len(read),
            num_removed=len(gone),
            num_kept=len(now) - len(new),
            num_pictures=self.num_pictures,
            skipped=sum(not entry["rows"] for entry in self._files.values()),
        )

    def by_text(self, text: str, count: int = 10) -> Found:
        """The pictures nearest to a text."""
        return self._nearest(text, self._medsiglip.embed_texts([text])[0], count)

    def by_picture(self, source: Any, count: int = 10) -> Found:
        """The pictures nearest to one picture."""
        found = embed(self._medsiglip, source)
        if len(found.pictures) != 1:
            raise InputError(
                f"cannot search by {len(found.pictures)} pictures: expected one", hint="name one slice, page or patch"
            )
        return self._nearest(found.pictures[0].name, found.vectors[0], count)

    def examples(self) -> tuple[np.ndarray, list[str]]:
        """Vectors [I, D] and, of each, the first folder of its path: labels for a probe. Others are left out."""
        keys, labels = [], []
        for name, entry in sorted(self._files.items()):
            label, _, rest = name.partition("/")
            if rest:
                keys += [row["key"] for row in entry["rows"]]
                labels += [label] * len(entry["rows"])
        width = self._medsiglip.config.width
        vectors = np.stack([self._vectors.get(key) for key in keys]) if keys else np.empty((0, width))
        return vectors.astype(np.float32), labels

    def _nearest(self, query: str, vector: np.ndarray, count: int) -> Found:
        if count < 1:
            raise InputError(f"cannot find {count} pictures: expected at least 1")
        places = {row["key"]: (name, row["name"]) for name, entry in self._files.items() for row in entry["rows"]}
        hits: list[Hit] = []
        if places:
            matches = self._vectors.search(vector, min(count, len(places)), exact=len(places) <= EXACT_UP_TO)
            for key, distance in zip(matches.keys.tolist(), matches.distances.tolist(), strict=True):
                name, shown = places[key]
                hits.append(Hit(path=str(self.folder / name), name=shown, cosine=1 - float(distance)))
        return Found(
            query=query,
            hits=tuple(hits),
            num_pictures=len(places),
            model=self._medsiglip.description,
            weights_id=self._medsiglip.weights_id,
            notice=self._medsiglip.notice,
        )

    def _add(self, name: str, path: Path, state: list[int]) -> None:
        """Embed a file's pictures; a file that has none is remembered, so that it is not tried again."""
        rows: list[dict[str, Any]] = []
        entry = {"state": state, "rows": rows}
        self._files[name] = entry
        try:
            for record, image in pictures_in([path]):
                (vector,) = self._medsiglip.embed_pixels([image.pixels], total=None)
                place = record.origin
                shown = f"{name}, {place.kind} {place.number}" if place and place.total > 1 else name
                self._vectors.add(self._next_key, vector)
                rows.append({"key": self._next_key, "name": shown})
                self._next_key += 1
        except InputError:
            pass
        except MissingExtraError:
            entry["state"] = UNTRIED
        except BaseException:
            self._forget(name)
            raise

    def _forget(self, name: str) -> None:
        for row in self._files.pop(name)["rows"]:
            self._vectors.remove(row["key"])

    def _read(self) -> None:
        """Take up the index where one of this way is there; begin anew otherwise."""
        for _ in range(ATTEMPTS):  # vectors may be replaced between the reading of their name and of themselves
            try:
                entries = json.loads((self._place / "entries.json").read_bytes())
                if (entries["layout"], entries["way"]) != (LAYOUT, self._medsiglip.way):
                    return
                self._vectors.load(str(self._place / entries["vectors"]))
                self._files, self._next_key = entries["files"], entries["next_key"]
                self._writings, self._written = entries["writings"], entries["vectors"]
                return
            except (OSError, ValueError, KeyError, TypeError, RuntimeError):
                self._vectors = _empty(self._medsiglip.config.width)

    def _write(self) -> None:
        self._writings += 1
        name = f"vectors-{self._writings}-{os.getpid()}.usearch"
        entries = {
            "layout": LAYOUT,
            "way": self._medsiglip.way,
            "vectors": name,
            "writings": self._writings,
            "next_key": self._next_key,
            "files": self._files,
        }
        try:
            self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._vectors.save(str(self._place / name))
            partial = self._place / f"entries-{os.getpid()}.part"
            partial.write_text(json.dumps(entries), encoding="utf-8")
            partial.replace(self._place / "entries.json")
            self._drop_old(name)
        except OSError as error:
            raise InputError(
                f"cannot write the index in `{self._place}`: {error.strerror or type(error).__name__}",
                hint="name another place with --index",
            ) from error

    def _drop_old(self, current: str) -> None:
        """Remove the vectors that were replaced, and those that a stopped process left."""
        for old in self._place.glob("vectors-*.usearch"):
            if old.name == self._written or time.time() - old.stat().st_mtime > STALE_S:
                old.unlink(missing_ok=True)
        self._written = current


def _state_of(entry: dict[str, Any] | None) -> list[int] | None:
    return None if entry is None else entry["state"]


def _empty(width: int) -> Any:
    """An index of vectors without any in it; numbers of 16 bits, which change a cosine by less than 0.001."""
    try:
        from usearch.index import Index
    except ImportError as error:
        raise MissingExtraError(
            "cannot search: usearch is not installed", hint="pip install 'osler[search]'"
        ) from error
    return Index(ndim=width, metric="ip", dtype="f16")
