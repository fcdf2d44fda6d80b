"""From a path to a model that answers."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from osler.errors import InputError
from osler.folders import cache_folder
from osler.tasks.adapters import AdapterPath, Variant, one_or_named, opened
from osler.tasks.identity import Identity
from osler.tasks.model import Model
from osler.tasks.pace import Pace
from osler.tasks.progress import LOADING, Progress, no_progress
from osler.tasks.vector_store import open_vector_store
from osler.tasks.vectors import ImageVectors

if TYPE_CHECKING:
    from osler.engine.compilation import Compilation
    from osler.engine.context import ContextPlan
    from osler.engine.engine import Engine
    from osler.engine.scheduler import Limits
    from osler.engine.vision import VisionEncoder
    from osler.engine.weight_store import WeightStore
    from osler.prompt import Tokenizer
    from osler.weights.adapter import Adapter
    from osler.weights.checkpoint import Checkpoint

__all__ = ["DEMONSTRATION", "MODEL_VARIABLE", "is_demonstration", "load", "model_path", "open_model"]

MODEL_VARIABLE = "OSLER_MODEL"
DEMONSTRATION = Path(__file__).parents[1] / "nano"
MARK = "osler_demonstration"
"""A key of config.json by which the demonstration model is known wherever a copy of it lies."""

GGUF_MARK = "osler.demonstration"
"""The same in the metadata of a GGUF file that was exported from it."""

LARGEST_DEMONSTRATION = 64_000_000
"""Bytes; in F32 its decoder has 13 million. Larger files are not asked: their vocabularies take a while to read."""

GUESSES = 3
"""Tokens guessed ahead in greedy answers: a step of four takes hardly longer than one of a single token."""

SIZE_QUANTISED = {None: 1.0, 8: 0.6, 4: 0.35}
"""Memory of quantised weights as a share of the bf16 file: codes and scales, and what stays as it is."""


def load(
    path: str | os.PathLike[str] | None = None,
    *,
    precision: str = "bf16",
    quantise: int | None = None,
    threads: int | None = None,
    context: int | None = None,
    sequences: int = 1,
    guesses: bool | None = None,
    adapter: AdapterPath | None = None,
    adapters: Mapping[str, AdapterPath] | None = None,
    progress: Progress | None = None,
) -> Model:
    """Load a model, ready to answer.

    Args:
        path: a GGUF file (its mmproj is found beside it), a folder of safetensors, or a folder with one GGUF model;
            None for what OSLER_MODEL names, and without that the demonstration model.
        precision: "bf16" (float32 on processors without bfloat16) with 8-bit activations in front of compressed
            weights, or "f32": exact and slower.
        quantise: 8 or 4 turns published safetensors into as many bits while they are loaded.
        threads: processor threads; None for all that this process may use.
        context: tokens that prompt and answer may have together; None for what half the free memory holds, at most
            the model's limit.
        sequences: answers of that length that can be computed at the same time; more, if they are shorter.
        guesses: whether tokens of a greedy answer are guessed from what was said before and checked several at once;
            None for f32 alone. In bf16 it is quicker, too, but near-ties may fall the other way.
        adapter: the folder of a LoRA adapter in peft's format; every answer is computed with it.
        adapters: the folders of several by name, for `Model.adapted` to choose of.
        progress: called as (what is being done, done, in all), while loading and later while answering.

    Raises:
        WeightsError: there is no model at the path, or it is damaged, incomplete or of another kind; or an adapter is,
            or it belongs to another model.
        ContextError: the model or the memory does not hold the context; found out before any weights are read.
        InputError: an option makes no sense.
    """
    model = open_model(
        path,
        precision=precision,
        quantise=quantise,
        threads=threads,
        context=context,
        sequences=sequences,
        guesses=guesses,
        adapters=one_or_named(adapter, adapters),
        progress=progress,
    )
    model.start()
    return model


def open_model(
    path: str | os.PathLike[str] | None = None,
    *,
    precision: str = "bf16",
    quantise: int | None = None,
    threads: int | None = None,
    context: int | None = None,
    sequences: int = 1,
    guesses: bool | None = None,
    adapters: AdapterPath | Mapping[str, AdapterPath] | None = None,
    repeatable: bool = False,
    progress: Progress | None = None,
) -> Model:
    """As `load`, but the weights are read when the first answer is computed.

    Until then a question that the model cannot take (an image without vision weights, more tokens than the context
    holds) costs nothing but opening the files.

    Args:
        adapters: the folder of one, which every answer is computed with, or those of several by name.
        repeatable: whether a question that is asked alone gets the same answer to the last bit, whatever was asked
            before it (`osler.engine.scheduler.Limits.branches`).
    """
    from osler.engine.compilation import Compilation
    from osler.engine.scheduler import Limits
    from osler.weights.checkpoint import open_checkpoint

    compilation = Compilation(precision=precision, threads=threads)
    checkpoint = open_checkpoint(model_path(path), quantise=quantise)
    tuned = opened(adapters, checkpoint.config)
    plan = _plan(checkpoint, compilation, context=context, sequences=sequences, quantise=quantise)
    tokenizer = checkpoint.tokenizer()
    guessed = GUESSES if guesses or (guesses is None and precision == "f32") else 0
    limits = Limits(guesses=guessed, branches=not repeatable)
    tell = progress or no_progress
    identity, vectors = _identity(checkpoint, precision), _vectors(checkpoint, compilation)
    model = Model(
        identity,
        checkpoint.config,
        tokenizer=tokenizer,
        context=plan.context,
        build_engine=lambda tell: _engine(checkpoint, tokenizer, compilation, plan, limits, tuned, tell),
        vectors=vectors,
        progress=tell,
        adapted={
            one.name: Variant(
                number=number,
                identity=_adapted_identity(identity, one),
                vectors=_vectors(checkpoint, compilation, one) if one.changes_images else vectors,
            )
            for number, one in enumerate(tuned, start=1)
        },
    )
    return model if adapters is None or isinstance(adapters, Mapping) else model.adapted(tuned[0].name)


def model_path(path: str | os.PathLike[str] | None) -> Path:
    """The path that was asked for, else that of OSLER_MODEL, else that of the demonstration model."""
    named = path if path is not None else os.environ.get(MODEL_VARIABLE) or DEMONSTRATION
    if not isinstance(named, str | os.PathLike):
        raise InputError(f"cannot load a model: expected a path, got {type(named).__name__}")
    return Path(named).expanduser()


def is_demonstration(path: Path) -> bool:
    """Whether a path is the demonstration model's folder, a copy of it, or a GGUF file made of it.

    >>> is_demonstration(DEMONSTRATION)
    True
    """
    from osler.weights.gguf_file import GgufFile, is_gguf

    if path.resolve() == DEMONSTRATION.resolve():
        return True
    if path.is_file() and path.stat().st_size < LARGEST_DEMONSTRATION and is_gguf(path):
        return GgufFile(path).metadata.get(GGUF_MARK) is True
    folder = path if path.is_dir() else path.parent
    try:
        return json.loads((folder / "config.json").read_bytes()).get(MARK) is True
    except (OSError, ValueError, AttributeError):
        return False


def _identity(checkpoint: "Checkpoint", precision: str) -> Identity:
    demonstration = is_demonstration(checkpoint.path)
    name = "osler-nano, the demonstration model" if demonstration else checkpoint.path.resolve().name
    return Identity(
        path=checkpoint.path,
        description=f"{name} ({checkpoint.description})",
        weights_id=checkpoint.identity,
        precision=precision,
        vision_note=checkpoint.vision_note,
        recipe=checkpoint.recipe,
        is_demonstration=demonstration,
    )


def _adapted_identity(identity: Identity, adapter: "Adapter") -> Identity:
    """That of the model with an adapter: what is kept or stored under its id is never another's."""
    name, _, kind = identity.description.rpartition(" (")
    return replace(
        identity,
        description=f"{name} with adapter {adapter.name} ({kind}",
        weights_id=f"{identity.weights_id}+{adapter.identity}",
        adapter=adapter.name,
    )


def _plan(
    checkpoint: "Checkpoint", compilation: "Compilation", *, context: int | None, sequences: int, quantise: int | None
) -> "ContextPlan":
    """Size the cache to the memory that the weights leave."""
    from osler.engine.context import CacheSize, plan_context
    from osler.engine.memory import available_bytes

    text, vision = checkpoint.config.text, checkpoint.config.vision
    size = CacheSize(
        config=text,
        bytes_per_value=4 if compilation.precision == "f32" else 2,
        prefill_tokens=max(1024, vision.image_tokens if vision else 0),
    )
    free = available_bytes()
    weights = sum(file.size_bytes for file in checkpoint.files) * SIZE_QUANTISED[quantise]
    left = None if free is None else max(0, int(free - weights))
    return plan_context(size, wanted=context, free_bytes=left, sequences=sequences)


def _engine(
    checkpoint: "Checkpoint",
    tokenizer: "Tokenizer",
    compilation: "Compilation",
    plan: "ContextPlan",
    limits: "Limits",
    adapters: "Sequence[Adapter]",
    tell: Progress,
) -> "Engine":
    """Compile the decoder over a cache of the planned size."""
    from osler.engine.engine import Engine
    from osler.engine.runner import OpenVinoRunner
    from osler.prompt import stop_ids

    runner = OpenVinoRunner(
        checkpoint.config.text,
        checkpoint,
        compilation=compilation,
        global_blocks=plan.global_blocks,
        local_blocks=plan.local_blocks,
        store=_store(checkpoint, f"text-{compilation.precision}"),
        adapters=[adapter.terms for adapter in adapters],
        progress=lambda done, total: tell(LOADING, done, total),
    )
    return Engine(
        runner,
        stop_ids=stop_ids(tokenizer),
        global_blocks=plan.global_blocks,
        local_blocks=plan.local_blocks,
        context=plan.context,
        tokenizer=tokenizer,
        limits=limits,
        num_adapters=len(adapters),
    )


def _store(checkpoint: "Checkpoint", part: str, adapter: "Adapter | None" = None) -> "WeightStore | None":
    """Where decoded weights of one part of the model are kept, if that is worth while.

    Args:
        adapter: that is merged into them.
    """
    from osler.engine.weight_store import open_store

    size_bytes = sum(file.size_bytes for file in checkpoint.files)
    return open_store(cache_folder() / "weights", f"{_key(checkpoint, adapter)}-{part}", size_bytes)


def _key(checkpoint: "Checkpoint", adapter: "Adapter | None") -> str:
    """What weights are known by in every cache: the base model's alone, or with an adapter merged in."""
    return checkpoint.identity if adapter is None else f"{checkpoint.identity}+{adapter.identity}"


def _vectors(
    checkpoint: "Checkpoint", compilation: "Compilation", adapter: "Adapter | None" = None
) -> ImageVectors | None:
    """The vision tower, to be built when the first image comes; None where there are no weights for one.

    Args:
        adapter: that changes it.
    """
    config = checkpoint.config
    if config.vision is None:
        return None
    vision = config.vision

    def build() -> "VisionEncoder":
        from osler.engine.vision import VisionEncoder
        from osler.weights.adapted_source import AdaptedSource

        source = checkpoint if adapter is None else AdaptedSource(checkpoint, adapter)
        store = _store(checkpoint, f"vision-{compilation.precision}", adapter)
        return VisionEncoder(vision, source, compilation=compilation, store=store)

    shape = vision.image_tokens, config.text.width
    size_bytes = sum(file.size_bytes for file in checkpoint.files)
    key = f"{_key(checkpoint, adapter)} {compilation.precision}"
    kept = open_vector_store(cache_folder() / "vectors", key, shape, size_bytes)
    way = f"image {checkpoint.identity} {compilation.precision} {compilation.threads or 'all'}"
    return ImageVectors(build, Pace(cache_folder() / "pace.json", way), store=kept)
