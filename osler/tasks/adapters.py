"""The adapters that a model is loaded with, by name."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from osler.errors import InputError
from osler.tasks.identity import Identity
from osler.tasks.vectors import ImageVectors

if TYPE_CHECKING:
    from osler.model.config import ModelConfig
    from osler.weights.adapter import Adapter

__all__ = ["MOST_ADAPTERS", "AdapterPath", "Variant", "chosen", "one_or_named", "opened"]

AdapterPath = str | os.PathLike[str]

MOST_ADAPTERS = 64
"""Every step multiplies with the terms of all."""

_NAME = re.compile(r"[\w.:@+/-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A model as one of its adapters makes it, or as it is without.

    Attributes:
        number: the engine's for the adapter, from 1; 0 for the model alone.
        identity: which weights answer.
        vectors: its image encoder, shared by all that see images alike; None where none are read.
    """

    number: int
    identity: Identity
    vectors: ImageVectors | None


def one_or_named(
    adapter: AdapterPath | None, adapters: Mapping[str, AdapterPath] | None
) -> AdapterPath | Mapping[str, AdapterPath] | None:
    """What is given of two arguments, which exclude each other.

    Raises:
        InputError: both are.
    """
    if adapter is not None and adapters is not None:
        raise InputError("cannot load `adapter` and `adapters`: expected one of them", hint="name all in `adapters`")
    return adapter if adapters is None else adapters


def opened(adapters: AdapterPath | Mapping[str, AdapterPath] | None, config: "ModelConfig") -> tuple["Adapter", ...]:
    """Open one adapter, called as its folder is, or several by names.

    Raises:
        InputError: a name is of no use.
        WeightsError: one of them cannot be used with the model.
    """
    from osler.weights.adapter import open_adapter

    if adapters is None:
        return ()
    if not isinstance(adapters, Mapping):
        return (open_adapter(_path(adapters), config),)
    named = dict(adapters)
    if len(named) > MOST_ADAPTERS:
        raise InputError(f"cannot load {len(named)} adapters: expected at most {MOST_ADAPTERS}")
    for name in named:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InputError(
                f"cannot call an adapter {str(name)[:64]!r}: expected 1 to 64 letters, digits or . _ - + : @ /"
            )
    return tuple(open_adapter(_path(path), config, name=name) for name, path in named.items())


def chosen(variants: Mapping[str | None, Variant], name: str | None) -> Variant:
    """The variant of a name.

    Raises:
        InputError: the model was not loaded with it.
    """
    if name in variants:
        return variants[name]
    names = [known for known in variants if known is not None]
    near = get_close_matches(str(name), names, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"it has {', '.join(f'`{one}`' for one in names) or 'none'}"
    raise InputError(f"cannot use adapter `{str(name)[:64]}`: the model was not loaded with it", hint=hint)


def _path(path: AdapterPath) -> str:
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"cannot load an adapter: expected the path of its folder, got {type(path).__name__}")
    return os.path.expanduser(path)
