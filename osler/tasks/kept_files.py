"""What Osler keeps on this machine's disk, part by part, and how to be rid of it."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from osler.errors import InputError
from osler.folders import cache_folder

__all__ = ["PARTS", "KeptFiles", "clear", "kept_files"]

PARTS = {
    "vectors": "what the model saw in images, so that none is read twice",
    "fetched": "studies and records that were fetched from servers: patients' data",
    "indexes": "indexes of folders for `osler search`",
    "weights": "decoded weights, so that models start quickly",
    "models": "weights that were pulled (only cleared when named)",
}
"""Folders in the cache, and what is in them."""

KEPT_UNLESS_NAMED = ("models",)
"""Fetching them again takes long, and some need an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFiles:
    """One part of the cache.

    Attributes:
        part: a key of `PARTS`.
        path: its folder, which need not exist.
        num_files, size_bytes: what is in it.
    """

    part: str
    path: Path
    num_files: int
    size_bytes: int

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "path": str(self.path), "holds": PARTS[self.part]}


def kept_files(parts: Sequence[str] = ()) -> tuple[KeptFiles, ...]:
    """What there is of the parts that are named, or of all.

    Raises:
        InputError: there is no such part.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise InputError(
            f"cannot find `{unknown[0]}` in the cache: expected one of {', '.join(PARTS)}",
            hint="`osler cache` lists them",
        )
    return tuple(_measured(part) for part in (parts or PARTS))


def clear(parts: Sequence[str] = ()) -> tuple[KeptFiles, ...]:
    """Delete parts of the cache, all but the pulled weights where none is named.

    Returns:
        What was deleted.

    Raises:
        InputError: there is no such part, or its files cannot be deleted.
    """
    found = kept_files(parts or [part for part in PARTS if part not in KEPT_UNLESS_NAMED])
    for kept in found:
        try:
            shutil.rmtree(kept.path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise InputError(
                f"cannot clear {kept.path}: {error.strerror or type(error).__name__}",
                hint="end other programs that use Osler, or delete the folder yourself",
            ) from None
    return found


def _measured(part: str) -> KeptFiles:
    folder = cache_folder() / part
    sizes = []
    for path in folder.rglob("*"):
        with suppress(OSError):  # it was deleted meanwhile
            if path.is_file() and not path.is_symlink():
                sizes.append(path.stat().st_size)
    return KeptFiles(part=part, path=folder, num_files=len(sizes), size_bytes=sum(sizes))
