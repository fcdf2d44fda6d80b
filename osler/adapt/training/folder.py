"""The folder that a tuning writes into, which is its own."""

from collections.abc import Sequence
from pathlib import Path

from osler.errors import InputError

__all__ = ["refuse_foreign"]


def refuse_foreign(out: Path, marks: Sequence[str]) -> None:
    """Refuse a folder with other things than a tuning's: a model there would become another with what is written.

    Args:
        marks: names of what a tuning writes, one of which tells its folder.

    Raises:
        InputError: it holds other things, or it is a file.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"cannot tune into `{out.name}`: it is a file", hint="give --out a folder")
    found = sorted(one.name for one in out.iterdir() if not one.name.startswith(".")) if out.exists() else []
    if found and not any(name.startswith(tuple(marks)) for name in found):
        raise InputError(
            f"cannot tune into `{out.name}`: it holds what no tuning wrote, such as `{found[0]}`",
            hint="give --out a folder of its own",
        )
