"""A model that says what a test wants to hear; all but the network is real."""

import math
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from osler.engine.engine import Engine
from osler.engine.scheduler import Limits
from osler.engine.step import Chunk
from osler.model.config import ModelConfig, VisionConfig
from osler.prompt import stop_ids
from osler.tasks.identity import Identity
from osler.tasks.model import Model
from osler.tasks.pace import Pace
from osler.tasks.progress import no_progress
from osler.tasks.vectors import ImageVectors
from osler.testing.runners import tiny_config
from osler.testing.tokens import CharacterTokenizer

__all__ = ["BlankEncoder", "ScriptRunner", "scripted_model"]


class ScriptRunner:
    """Writes given ids one after the other, whatever it is asked.

    None among them stands for a result that is no number, and an exception is raised.
    """

    def __init__(self, ids: Iterable[int | BaseException | None], vocabulary_size: int) -> None:
        self.config = tiny_config(vocabulary_size=vocabulary_size)
        self._ids = iter(ids)

    def step(self, chunks: Sequence[Chunk]) -> np.ndarray:
        logits = np.zeros((sum(chunk.num_logits for chunk in chunks), self.config.vocabulary_size), np.float32)
        for row in logits:
            token = next(self._ids)
            if isinstance(token, BaseException):
                raise token
            row[token or 0] = 9 if token is not None else math.nan
        return logits

    def copy(self, sources: np.ndarray, targets: np.ndarray, *, is_global: bool) -> None:
        """It reads no prompt, so it has no cache."""


class BlankEncoder:
    """A vision tower that sees nothing in any image."""

    def __init__(self, image_tokens: int, width: int) -> None:
        self._shape = (image_tokens, width)

    def encode(self, pixels: np.ndarray, *, tick: Callable[[], None]) -> np.ndarray:
        return np.zeros((len(pixels), *self._shape), np.float32)


def scripted_model(*script: str | BaseException | None, sees: bool = False) -> Model:
    """A model that writes texts, in which special tokens are recognised; one answer after the other.

    Args:
        script: what it writes; None stands for a result that is no number, and an exception is raised.
        sees: whether it takes images, of which it sees nothing.

    >>> scripted_model("Clear.<end_of_turn>").ask(None, "Lungs?").text
    'Clear.'
    """
    tokenizer = CharacterTokenizer()
    ids: list[int | BaseException | None] = []
    for part in script:
        ids += tokenizer.encode(part) if isinstance(part, str) else [part]
    runner = ScriptRunner(ids, tokenizer.size)
    vision = VisionConfig(image_px=56, patch_px=14, image_tokens=4) if sees else None
    engine = Engine(
        runner,
        stop_ids=stop_ids(tokenizer),
        global_blocks=128,
        local_blocks=128,
        tokenizer=tokenizer,
        limits=Limits(sequences=1),  # a second question waits until the first is answered
    )
    return Model(
        Identity(path=Path("script"), description="a script", weights_id="0", precision="f32"),
        ModelConfig(text=runner.config, vision=vision),
        tokenizer=tokenizer,
        context=engine.context,
        build_engine=lambda progress: engine,
        vectors=_vectors(vision, runner.config.width) if vision else None,
        progress=no_progress,
    )


def _vectors(vision: VisionConfig, width: int) -> ImageVectors:
    encoder = BlankEncoder(vision.image_tokens, width)
    return ImageVectors(lambda: encoder, Pace(Path(os.devnull) / "pace", ""))
