"""Which files of a repository make up the weights that were asked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from osler.errors import InputError
from osler.weights.catalogue import PROJECTORS_GB

__all__ = ["Selection", "select_files"]

SHARD = re.compile(r"-\d{5}-of-\d{5}$")
FOLDER_SUFFIXES = (".safetensors", ".json", ".jinja", ".model")
FOLDER_NAMES = ("license", "notice", "readme", "use_policy", "usage_policy")
NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Names of files in a repository.

    Attributes:
        weights: the model's own files, in order; the first is the one to open.
        projector: the vision projector to fetch beside a GGUF.
        others: what a safetensors folder needs besides.
        is_folder: whether `osler ask --model` takes the folder (safetensors) or the first file (GGUF).
    """

    weights: tuple[str, ...]
    projector: str | None = None
    others: tuple[str, ...] = ()
    is_folder: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All files, small ones first: a refusal then costs nothing."""
        projector = () if self.projector is None else (self.projector,)
        return (*self.others, *projector, *self.weights)


def select_files(names: Sequence[str], wanted: str | None, projector: str | None) -> Selection:
    """Pick files.

    Args:
        names: the files that there are.
        wanted: a GGUF's name, the name of its number format such as "Q4_K_M", or None for the only one or a
            safetensors folder.
        projector: "F16", "BF16" or "F32", "none", or None for the first of these that there is.

    Raises:
        InputError: nothing fits, or more than one does; the hint lists what there is.
    """
    if wanted is None and any(name.endswith(".safetensors") for name in names):
        return _safetensors_folder(names)
    ggufs = sorted(name for name in names if name.lower().endswith(".gguf"))
    models = [name for name in ggufs if not _is_projector(name)]
    weights = _matching(models, wanted)
    return Selection(weights=tuple(weights), projector=_projector(ggufs, projector))


def _safetensors_folder(names: Sequence[str]) -> Selection:
    top = sorted(name for name in names if "/" not in name)
    weights = [name for name in top if name.endswith(".safetensors")]
    others = [
        name
        for name in top
        if name not in weights and (name.endswith(FOLDER_SUFFIXES) or name.lower().startswith(FOLDER_NAMES))
    ]
    return Selection(weights=tuple(weights), others=tuple(others), is_folder=True)


def _matching(models: Sequence[str], wanted: str | None) -> list[str]:
    """The one file that is meant, or all its shards."""
    found = [name for name in models if wanted is None or _fits(name, wanted)]
    if len(_without_shards(found)) > 1:  # "Q4_K_M" where there is "UD-Q4_K_M" too
        found = [name for name in found if "-ud-" not in name.lower()] or found
    if len(_without_shards(found)) == 1:
        return found
    listed = ", ".join(_without_shards(models)) or "no GGUF and no safetensors at all"
    raise InputError(
        f"{'no' if not found else 'more than one'} file fits {f'`{wanted}`' if wanted else 'the repository alone'}",
        hint=f"give one as OWNER/REPOSITORY:FILE; it holds {listed}",
    )


def _fits(name: str, wanted: str) -> bool:
    """Whether a GGUF is the one called so, or is in the number format called so."""
    path, wanted = PurePosixPath(name.lower()), wanted.lower()
    if wanted.endswith(".gguf"):
        return wanted in (str(path), path.name)
    return SHARD.sub("", path.stem).endswith((f"-{wanted}", f".{wanted}"))


def _without_shards(names: Sequence[str]) -> list[str]:
    """The names, a set of shards counted once."""
    return list(dict.fromkeys(SHARD.sub("", name.removesuffix(".gguf")) + ".gguf" for name in names))


def _is_projector(name: str) -> bool:
    return "mmproj" in PurePosixPath(name).name.lower()


def _projector(ggufs: Sequence[str], asked: str | None) -> str | None:
    """The projector to take, None where there is none or none is wanted."""
    projectors = [name for name in ggufs if _is_projector(name)]
    if asked == NONE or (asked is None and not projectors):
        return None
    for number_format in PROJECTORS_GB if asked is None else (asked,):
        for name in projectors:
            if re.search(rf"(^|[-_.]){number_format}([-_.]|$)", PurePosixPath(name).name, re.IGNORECASE):
                return name
    if asked is None:
        return projectors[0]
    raise InputError(
        f"there is no projector in {asked}",
        hint=f"it holds {', '.join(projectors) or 'no projector'}; --projector none leaves it out",
    )
