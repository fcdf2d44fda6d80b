"""Packages of Osler's optional parts, imported where they are used."""

from importlib import import_module
from typing import Any

from osler.errors import MissingExtraError

__all__ = ["needed"]


def needed(module: str, doing: str, extra: str, *, otherwise: str = "") -> Any:
    """A module of an optional package.

    Args:
        module: such as "usearch.index".
        doing: what it is needed for, as it goes on after "cannot".
        extra: what brings it, as in `pip install 'osler[extra]'`.
        otherwise: what else can be done, behind the hint.

    Raises:
        MissingExtraError: the package is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"cannot {doing}: {module.partition('.')[0]} is not installed",
            hint=f"pip install 'osler[{extra}]'{otherwise}",
        ) from error
