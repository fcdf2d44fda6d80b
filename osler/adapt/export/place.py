"""Where an export is written: beside its final place, and put there when it is whole.

What stands under the final name is either what was there before or all of what is new, whatever interrupts the work.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from osler.errors import InputError

__all__ = ["check_room", "new_files", "new_folder"]

SPARE_BYTES = 64 * 1024 * 1024
"""What is left free of a disk besides: folders, headers, other programs."""

_SUFFIXES = frozenset(
    (".json", ".safetensors", ".jinja", ".model", ".gguf", ".xml", ".bin", ".onnx", ".data", ".txt", ".md", ".html", "")
)
"""Endings of what a model's folder holds; a folder with other files is never taken for an older export."""


def check_room(place: Path, size_bytes: int) -> None:
    """See that a disk holds what is to be written.

    Args:
        place: the file or folder to be; it need not exist.
        size_bytes: what it will take.

    Raises:
        InputError: there is less room than that.
    """
    folder = place.absolute()
    while not folder.is_dir():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < size_bytes + SPARE_BYTES:
        raise InputError(
            f"cannot write `{place.name}`: it takes {size_bytes / 1e9:.2f} GB, the disk has {free / 1e9:.2f} GB free",
            hint="make room, or give --out on another disk, or a smaller --type",
        )


@contextmanager
def new_folder(out: Path, *, force: bool = False) -> Iterator[Path]:
    """A folder to write into, which takes its final name when the block ends well, and else is gone.

    Args:
        out: the final name. An empty folder may stand there.
        force: replace an older export that stands there.

    Raises:
        InputError: something stands there, and is not to be, or cannot safely be, replaced.
    """
    _check_folder(out, force)
    with _staging(out.parent, out.name) as staging:
        yield staging
        if out.exists():
            old = staging.with_name(staging.name + ".old")
            out.rename(old)
            staging.rename(out)
            shutil.rmtree(old)
        else:
            staging.rename(out)


@contextmanager
def new_files(paths: Sequence[Path], *, force: bool = False) -> Iterator[list[Path]]:
    """Files to write, one for each path of one folder; they take their final names together when the block ends well.

    Raises:
        InputError: one of them exists and `force` is not given.
    """
    there = [path for path in paths if path.exists()]
    if there and (not force or any(path.is_dir() for path in there)):
        raise InputError(
            f"`{there[0].name}` exists already in `{there[0].absolute().parent.name}`",
            hint="give another --out, or --force to replace it",
        )
    with _staging(paths[0].parent, paths[0].name) as staging:
        yield [staging / path.name for path in paths]
        for path in paths:
            os.replace(staging / path.name, path)
        staging.rmdir()


@contextmanager
def _staging(parent: Path, name: str) -> Iterator[Path]:
    made = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    try:
        parent.mkdir(parents=True, exist_ok=True)
        staging = parent / f".{name}.partial-{os.getpid()}"
        staging.mkdir()
    except OSError as error:
        raise InputError(
            f"cannot write into `{parent.name or parent}`: {error.strerror or error}", hint="give another --out"
        ) from error
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        _remove_empty(made)


def _remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders, the innermost first, as far as nothing stands in them."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


def _check_folder(out: Path, force: bool) -> None:
    if out.is_file():
        raise InputError(f"cannot make a folder `{out.name}`: a file of that name exists", hint="give another --out")
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not force:
        raise InputError(f"the folder `{out.name}` is not empty", hint="give another --out, or --force to replace it")
    strange = [path.name for path in sorted(out.iterdir()) if path.is_dir() or path.suffix not in _SUFFIXES]
    if strange:
        raise InputError(
            f"cannot replace the folder `{out.name}`: it holds more than a model, such as `{strange[0]}`",
            hint="give another --out, or move what is yours out of it",
        )
