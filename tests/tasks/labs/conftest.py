"""A model that reads pages as a test tells it to."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from osler.engine.engine import Engine
from osler.engine.scheduler import Limits
from osler.model.config import ModelConfig, VisionConfig
from osler.prompt import stop_ids
from osler.prompt.special import END_OF_TURN
from osler.tasks.identity import Identity
from osler.tasks.model import Model
from osler.tasks.pace import Pace
from osler.tasks.progress import no_progress
from osler.tasks.vectors import ImageVectors
from osler.testing.answering import MODEL_TURN, AnsweringRunner
from osler.testing.pdf import make_pdf
from osler.testing.scripted import BlankEncoder
from osler.testing.tokens import CharacterTokenizer

CONTEXT = 1 << 13

FIRST_PAGE = """Complete blood count
Haemoglobin 10.2 L g/dL 13.0 - 17.0
Platelet Count 250 x10^3/uL 150 - 450
Sodium 148 mmol/L 135 - 145"""
SECOND_PAGE = "Thyroid function\nTSH <0.01 uIU/mL 0.27 - 4.2"


class ReadingRunner(AnsweringRunner):
    """Gives its answers one after the other, one a prompt: all pages have the same one."""

    def __init__(self, answers: Iterator[str], tokenizer: CharacterTokenizer) -> None:
        super().__init__(lambda prompt: "", tokenizer, CONTEXT)
        self._answers = answers

    def _next(self, ids: list[int]) -> int:
        last_turn = len(ids) - ids[::-1].index(self._turn)
        start = last_turn + len(self._tokenizer.encode(MODEL_TURN))
        if len(ids) == start:
            self._target = self._tokenizer.encode(next(self._answers) + END_OF_TURN)
        return self._target[min(len(ids) - start, len(self._target) - 1)]


def reading_model(answers: Iterable[str], *, sees: bool = True) -> Model:
    """A model that sees nothing in any image and gives these answers."""
    tokenizer = CharacterTokenizer()
    runner = ReadingRunner(iter(answers), tokenizer)
    vision = VisionConfig(image_px=56, patch_px=14, image_tokens=4) if sees else None
    blocks = CONTEXT // 32
    engine = Engine(
        runner,
        stop_ids=stop_ids(tokenizer),
        global_blocks=blocks,
        local_blocks=blocks,
        tokenizer=tokenizer,
        limits=Limits(sequences=1),  # the runner tells its pages apart by their order alone
    )
    encoder = BlankEncoder(4, runner.config.width)
    return Model(
        Identity(path=Path("script"), description="a script", weights_id="0", precision="f32"),
        ModelConfig(text=runner.config, vision=vision),
        tokenizer=tokenizer,
        context=engine.context,
        build_engine=lambda progress: engine,
        vectors=ImageVectors(lambda: encoder, Pace(Path(os.devnull) / "pace", "")),
        progress=no_progress,
    )


@pytest.fixture
def reads() -> Callable[..., Model]:
    """Make a model that gives these answers, one a page."""
    return lambda *answers, sees=True: reading_model(answers, sees=sees)


@pytest.fixture
def report(tmp_path) -> Path:
    """Two pages with a text layer."""
    return make_pdf(tmp_path / "report.pdf", [FIRST_PAGE, SECOND_PAGE])
