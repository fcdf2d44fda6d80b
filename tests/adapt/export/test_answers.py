"""osler-nano says the same of a picture before and after it was written in another format."""

import pytest

import osler
from osler.adapt.export.targets import ExportOptions, target
from osler.tasks.load import DEMONSTRATION
from osler.tasks.progress import no_progress
from osler.values.reply import NOTICE_DEMONSTRATION
from osler.weights.checkpoint import open_checkpoint

QUESTION = "Describe this X-ray"


def answer(path) -> tuple[str, str]:
    """The text, and the notice that goes with it."""
    with osler.load(path, precision="f32", context=512, threads=2) as model:
        return model.ask(DEMONSTRATION / "chest.jpg", QUESTION, max_new_tokens=40).text, model.notice


@pytest.fixture(scope="module")
def before():
    return answer(DEMONSTRATION)


@pytest.mark.parametrize("to", ["gguf", "huggingface"])
def test_the_answer_about_a_picture_is_the_same(tmp_path, before, to):
    checkpoint = open_checkpoint(DEMONSTRATION)
    target(to)(checkpoint, tmp_path / "out", ExportOptions(type="F32"), no_progress)
    assert len(before[0]) > 40 and before[1] == NOTICE_DEMONSTRATION
    assert answer(tmp_path / "out") == before
