"""A model whose answer depends on what it is asked; all but the network is real, forms and forced tokens too."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from osler.engine.engine import Engine
from osler.engine.step import BLOCK, Chunk
from osler.model.config import ModelConfig
from osler.prompt import stop_ids
from osler.prompt.special import END_OF_TURN, START_OF_TURN, required_id
from osler.tasks.identity import Identity
from osler.tasks.model import Model
from osler.tasks.progress import no_progress
from osler.testing.runners import tiny_config
from osler.testing.tokens import CharacterTokenizer

__all__ = ["AnsweringRunner", "answering_model"]

MODEL_TURN = "model\n"


class AnsweringRunner:
    """Writes, token by token, what a function answers to the prompt; one sequence at a time.

    Its cache holds ids, in the blocks that the engine gives them.

    Where a form forbids the next token, what comes instead is what the form makes of it.
    """

    def __init__(self, answer: Callable[[str], str], tokenizer: CharacterTokenizer, context: int) -> None:
        self.config = tiny_config(vocabulary_size=tokenizer.size, context_length=context)
        self._answer, self._tokenizer = answer, tokenizer
        self._turn = required_id(tokenizer, START_OF_TURN)
        self._cache = np.zeros((context // BLOCK, BLOCK), np.int32)
        self._prompt: list[int] = []
        self._target: list[int] = []

    def step(self, chunks: Sequence[Chunk]) -> np.ndarray:
        (chunk,) = chunks
        stop = chunk.past + len(chunk.ids)
        places = np.arange(chunk.past, stop)
        self._cache[chunk.global_blocks[places // BLOCK], places % BLOCK] = chunk.ids
        ids = self._cache[chunk.global_blocks].reshape(-1)[:stop].tolist()
        logits = np.zeros((chunk.num_logits, self.config.vocabulary_size), np.float32)
        for row, end in zip(logits, range(stop - chunk.num_logits, stop), strict=True):
            row[self._next(ids[: end + 1])] = 9
        return logits

    def copy(self, sources: np.ndarray, targets: np.ndarray, *, is_global: bool) -> None:
        if is_global:
            self._cache[targets] = self._cache[sources]

    def _next(self, ids: list[int]) -> int:
        last_turn = len(ids) - ids[::-1].index(self._turn)
        start = last_turn + len(self._tokenizer.encode(MODEL_TURN))
        if ids[:start] != self._prompt:
            self._prompt = ids[:start]
            self._target = self._tokenizer.encode(self._answer(self._tokenizer.decode(self._prompt)) + END_OF_TURN)
        return self._target[min(len(ids) - start, len(self._target) - 1)]


def answering_model(answer: Callable[[str], str], *, context: int = 1 << 16) -> Model:
    """A model without vision that says what a function answers to a prompt's text.

    >>> answering_model(lambda prompt: "Clear." if "Lungs" in prompt else "What?").ask(None, "Lungs?").text
    'Clear.'
    """
    tokenizer = CharacterTokenizer()
    runner = AnsweringRunner(answer, tokenizer, context)
    blocks = context // 32
    engine = Engine(
        runner, stop_ids=stop_ids(tokenizer), global_blocks=blocks, local_blocks=blocks, tokenizer=tokenizer
    )
    return Model(
        Identity(path=Path("function"), description="a function", weights_id="0", precision="f32"),
        ModelConfig(text=runner.config, vision=None),
        tokenizer=tokenizer,
        context=engine.context,
        build_engine=lambda progress: engine,
        vectors=None,
        progress=no_progress,
    )
