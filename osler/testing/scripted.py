"""A model that says what a test wants to hear; all but the network is real."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from osler.engine.engine import Engine
from osler.engine.step import Chunk
from osler.model.config import ModelConfig
from osler.prompt import stop_ids
from osler.tasks.model import Identity, Model
from osler.tasks.progress import no_progress
from osler.testing.runners import tiny_config
from osler.testing.tokens import CharacterTokenizer

__all__ = ["ScriptRunner", "scripted_model"]


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


def scripted_model(*script: str | BaseException | None) -> Model:
    """A model without vision that writes texts, in which special tokens are recognised.

    >>> scripted_model("Clear.<end_of_turn>").ask(None, "Lungs?").text
    'Clear.'
    """
    tokenizer = CharacterTokenizer()
    ids: list[int | BaseException | None] = []
    for part in script:
        ids += tokenizer.encode(part) if isinstance(part, str) else [part]
    runner = ScriptRunner(ids, tokenizer.size)
    engine = Engine(runner, stop_ids=stop_ids(tokenizer), global_blocks=64, local_blocks=64, tokenizer=tokenizer)
    return Model(
        Identity(path=Path("script"), description="a script", weights_id="0", precision="f32"),
        ModelConfig(text=runner.config, vision=None),
        tokenizer=tokenizer,
        context=engine.context,
        build_engine=lambda progress: engine,
        vectors=None,
        progress=no_progress,
    )
