"""What `osler doctor` finds out: versions, processor, memory, folders, a model, and what is wrong with them."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module, metadata
from pathlib import Path

from osler.errors import OslerError
from osler.folders import cache_folder, models_folder
from osler.versions import version_of
from osler.weights.lock import Report

__all__ = ["Checkup", "Folder", "Model", "Problem", "Processor", "check_up", "features_in"]

REQUIRED = (
    "openvino",
    "numpy",
    "gguf",
    "safetensors",
    "tokenizers",
    "sentencepiece",
    "pillow",
    "pydicom",
    "pylibjpeg",
    "pylibjpeg-libjpeg",
    "pylibjpeg-openjpeg",
    "huggingface-hub",
    "typer",
    "rich",
)

NUMBER_FORMATS = ("FP32", "FP16", "BF16", "INT8")  # among the capabilities that OpenVINO lists

FEATURES: Mapping[str, tuple[str, ...]] = {
    "AVX2": ("avx2",),
    "AVX-512": ("avx512f",),
    "VNNI": ("avx512_vnni", "avx_vnni"),
    "BF16": ("avx512_bf16", "amx_bf16"),
    "AMX": ("amx_tile",),
}
ARM_FEATURES: Mapping[str, tuple[str, ...]] = {
    "NEON": ("asimd",),
    "dot product": ("asimddp",),
    "I8MM": ("i8mm",),
    "BF16": ("bf16",),
    "SVE": ("sve",),
}
"""What speeds Osler up, and the flags of Linux's /proc/cpuinfo that tell of it (any of them)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is wrong, and what to do."""

    what: str
    hint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """The processor; `features` is empty where the system does not tell."""

    name: str
    architecture: str
    cores: int
    usable_cores: int
    features: dict[str, bool]
    precisions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder of pulled weights, held against its lock file."""

    path: str
    num_files: int
    size_bytes: int
    bytes_verified: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What stands at a path that `--model` could take.

    Attributes:
        reads_images: whether there are working vision weights.
        missing: what is missing for images and how to get it; "" where nothing is.
    """

    path: str
    description: str
    layers: int
    width: int
    vocabulary: int
    context_tokens: int
    reads_images: bool
    image_px: int | None
    missing: str
    identity: str
    files: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """Everything that was found; `problems` is empty where Osler can work."""

    versions: dict[str, str | None]
    system: str
    processor: Processor
    memory_total_bytes: int | None
    memory_available_bytes: int | None
    cache_folder: str
    cache_bytes: int
    disk_free_bytes: int
    extras: dict[str, tuple[str, ...]]
    pulled: tuple[Folder, ...]
    model: Model | None
    problems: tuple[Problem, ...]


def check_up(model: Path | None, *, read_all: bool, report: Report) -> Checkup:
    """Look at everything.

    Args:
        model: a checkpoint to look at, if any.
        read_all: hold every byte of pulled files against the lock files, not only their sizes.
        report: called as reading goes on.
    """
    from osler.engine.memory import available_bytes

    problems: list[Problem] = []
    cache = cache_folder()
    existing = next(place for place in (cache.absolute(), *cache.absolute().parents) if place.exists())
    pulled = tuple(_hold_against_lock(folder, read_all, report) for folder in _pulled_folders(model))
    problems += [Problem(what=what, hint="pull it again") for folder in pulled for what in folder.problems]
    return Checkup(
        versions=_versions(problems),
        system=f"Python {platform.python_version()}, {platform.system()} {platform.release()}",
        processor=_processor(problems),
        memory_total_bytes=_memory_total(),
        memory_available_bytes=available_bytes(),
        cache_folder=str(cache),
        cache_bytes=_size_of(cache),
        disk_free_bytes=shutil.disk_usage(existing).free,
        extras=_missing_of_extras(),
        pulled=pulled,
        model=None if model is None else _look_at(model, problems),
        problems=tuple(problems),
    )


def _versions(problems: list[Problem]) -> dict[str, str | None]:
    """Versions of Osler and of what it needs; None for what is not installed."""
    versions = {name: version_of(name) for name in ("osler", *REQUIRED)}
    missing = [name for name in REQUIRED if versions[name] is None]
    if missing:
        problems.append(
            Problem(what=f"not installed: {', '.join(missing)}", hint=f"{sys.executable} -m pip install osler")
        )
    return versions


def _missing_of_extras() -> dict[str, tuple[str, ...]]:
    """For each optional extra of Osler, the packages that are not installed."""
    try:
        requirements = metadata.requires("osler") or []
    except metadata.PackageNotFoundError:
        return {}
    found: dict[str, list[str]] = {}
    for requirement in requirements:
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)", requirement)
        name = re.match(r"[\w.-]+", requirement)
        if extra and name:
            missing = found.setdefault(extra[1], [])
            missing += [name[0]] if version_of(name[0]) is None else []
    return {extra: tuple(missing) for extra, missing in found.items()}


def features_in(cpuinfo: str, architecture: str) -> dict[str, bool]:
    """The features that Linux's /proc/cpuinfo tells of.

    >>> features_in("flags : fma avx2 avx512f", "x86_64")
    {'AVX2': True, 'AVX-512': True, 'VNNI': False, 'BF16': False, 'AMX': False}
    """
    line = re.search(r"^(?:flags|Features)\s*:(.*)$", cpuinfo, re.MULTILINE)
    if line is None:
        return {}
    flags = set(line[1].split())
    table = ARM_FEATURES if architecture in ("aarch64", "arm64") else FEATURES
    return {feature: any(name in flags for name in names) for feature, names in table.items()}


def _processor(problems: list[Problem]) -> Processor:
    cpuinfo = Path("/proc/cpuinfo")
    features = features_in(cpuinfo.read_text(), platform.machine()) if cpuinfo.exists() else {}
    name = platform.processor() or platform.machine()
    precisions: list[str] = []
    try:
        core = import_module("openvino").Core()
        name = core.get_property("CPU", "FULL_DEVICE_NAME").strip()
        precisions = sorted(core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    except (ImportError, RuntimeError, OSError) as error:
        problems.append(
            Problem(what=f"OpenVINO does not start: {error}", hint=f"{sys.executable} -m pip install openvino")
        )
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Processor(
        name=name,
        architecture=platform.machine(),
        cores=os.cpu_count() or 1,
        usable_cores=usable,
        features=features,
        precisions=tuple(precision for precision in precisions if precision in NUMBER_FORMATS),
    )


def _memory_total() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _size_of(folder: Path) -> int:
    """Bytes in a folder; a file that goes away meanwhile counts nothing."""
    size_bytes = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            size_bytes += path.stat().st_size if path.is_file() else 0
    return size_bytes


def _pulled_folders(model: Path | None) -> list[Path]:
    """Folders with a lock file: those of the cache, and the one that a model is in."""
    from osler.weights.lock import LOCK_NAME

    found = {path.parent.resolve() for path in models_folder().glob(f"*/{LOCK_NAME}")}
    if model is not None:
        folder = (model if model.is_dir() else model.parent).resolve()
        found |= {folder} if (folder / LOCK_NAME).exists() else set()
    return sorted(found)


def _hold_against_lock(folder: Path, read_all: bool, report: Report) -> Folder:
    """Whether a folder still holds what was pulled into it."""
    from osler.weights.lock import check_file, read_lock

    try:
        files = read_lock(folder).files
    except OslerError as error:
        return Folder(path=str(folder), num_files=0, size_bytes=0, bytes_verified=False, problems=(error.message,))
    problems = []
    for file in files:
        problem = check_file(folder, file, partial(report, f"Checking {file.name}"), read_all=read_all)
        if problem is not None:
            problems.append(f"{folder}: {problem}")
    return Folder(
        path=str(folder),
        num_files=len(files),
        size_bytes=sum(file.size_bytes for file in files),
        bytes_verified=read_all,
        problems=tuple(problems),
    )


def _look_at(path: Path, problems: list[Problem]) -> Model | None:
    """Open a checkpoint and its tokenizer, as answering a question would."""
    from osler.weights.checkpoint import open_checkpoint

    try:
        checkpoint = open_checkpoint(path)
        checkpoint.tokenizer()
    except OslerError as error:
        problems.append(Problem(what=error.message, hint=error.hint))
        return None
    text, vision = checkpoint.config.text, checkpoint.config.vision
    return Model(
        path=str(path),
        description=checkpoint.description,
        layers=text.num_layers,
        width=text.width,
        vocabulary=text.vocabulary_size,
        context_tokens=text.context_length,
        reads_images=vision is not None,
        image_px=None if vision is None else vision.image_px,
        missing=checkpoint.vision_note,
        identity=checkpoint.identity,
        files={file.name: file.size_bytes for file in checkpoint.files},
    )
