"""How probable each answer is to the model, held to what its own logits say."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from osler.engine.engine import Engine
from osler.engine.step import Chunk
from osler.errors import InputError
from osler.model.config import ModelConfig
from osler.prompt import stop_ids
from osler.tasks.answer_options import forms_of
from osler.tasks.confidence import shares_of
from osler.tasks.identity import Identity
from osler.tasks.load import load
from osler.tasks.model import Model
from osler.tasks.progress import no_progress
from osler.testing.runners import tiny_config
from osler.testing.tiny import write_safetensors
from osler.testing.tokens import CharacterTokenizer

QUESTION = "Is there an effusion?"


class NextByte:
    """Gives the bytes after an answer's beginning the probabilities of a table; anything else is as good as never."""

    def __init__(self, tokenizer: CharacterTokenizer, table: dict[str, dict[str, float]]) -> None:
        self.config = tiny_config(vocabulary_size=tokenizer.size)
        self._tokenizer, self._table = tokenizer, table
        self._ids: list[int] = []

    def step(self, chunks: Sequence[Chunk]) -> np.ndarray:
        (chunk,) = chunks
        self._ids[chunk.past :] = chunk.ids.tolist()
        ends = range(len(self._ids) - chunk.num_logits + 1, len(self._ids) + 1)
        rows = [self._row(self._ids[:end]) for end in ends]
        return np.array(rows, np.float32).reshape(-1, self.config.vocabulary_size)

    def copy(self, sources: np.ndarray, targets: np.ndarray, *, is_global: bool) -> None:
        """It reads no cache."""

    def _row(self, ids: list[int]) -> np.ndarray:
        said = self._tokenizer.decode(ids).rpartition("model\n")[2]
        row = np.full(self.config.vocabulary_size, -30.0, np.float32)
        for text, probability in self._table.get(said, {}).items():
            (token,) = self._tokenizer.encode(text)
            row[token] = math.log(probability)
        return row


def speaking(table: dict[str, dict[str, float]]) -> Model:
    tokenizer = CharacterTokenizer()
    runner = NextByte(tokenizer, table)
    engine = Engine(runner, stop_ids=stop_ids(tokenizer), global_blocks=64, local_blocks=64, tokenizer=tokenizer)
    return Model(
        Identity(path=Path("table"), description="a table", weights_id="0", precision="f32"),
        ModelConfig(text=runner.config, vision=None),
        tokenizer=tokenizer,
        context=engine.context,
        build_engine=lambda progress: engine,
        vectors=None,
        progress=no_progress,
    )


def test_letters_get_the_models_own_probabilities():
    model = speaking({"": {"A": 0.5, "B": 0.2, "C": 0.3}})
    found = model.confidence(None, "Which? (A) oedema (B) effusion")
    assert [one.option for one in found.options] == ["A", "B"]
    assert [one.probability for one in found.options] == pytest.approx([0.5, 0.2], abs=1e-6)
    assert [one.share for one in found.options] == pytest.approx([5 / 7, 2 / 7], abs=1e-6)
    assert found.probability == pytest.approx(0.7, abs=1e-6)
    assert found.best.option == "A" and found.notes == ()


def test_ways_of_writing_an_option_add_up():
    model = speaking({"": {"A": 0.4, "(": 0.5, "B": 0.1}, "(": {"A": 0.2, "B": 0.8}, "(A": {")": 1}, "(B": {")": 1}})
    found = model.confidence(None, "Which? (A) oedema (B) effusion")
    assert [one.probability for one in found.options] == pytest.approx([0.5, 0.5], abs=1e-6)


def test_an_option_of_several_tokens_is_the_product_of_them():
    table = {"": {"Y": 0.6, "N": 0.4}, "Y": {"e": 0.5, "a": 0.5}, "Ye": {"s": 1.0}, "N": {"o": 0.25, "a": 0.75}}
    found = speaking(table).confidence(None, QUESTION)
    assert [one.probability for one in found.options] == pytest.approx([0.3, 0.1], abs=1e-6)
    assert found.probability == pytest.approx(0.4, abs=1e-6)
    assert "40%" in found.notes[0]


def test_an_answer_counts_for_the_longest_option_that_it_begins_with():
    table = {"": {"a": 1.0}, "a": {"b": 0.25, ".": 0.75}}
    found = speaking(table).confidence(None, "Which one", options=["a ", "ab"])
    assert [one.probability for one in found.options] == pytest.approx([0.75, 0.25], abs=1e-6)


def test_an_option_that_is_far_from_likely_still_has_a_number():
    found = speaking({"": {"A": 1.0}}).confidence(None, "Which? (A) oedema (B) effusion")
    assert 0 < found.options[1].probability < 1e-10
    assert found.options[0].share == pytest.approx(1)


def test_a_model_that_would_rather_say_nothing_is_measured_all_the_same():
    found = speaking({"": {"<end_of_turn>": 0.6, "A": 0.3, "B": 0.1}}).confidence(
        None, "Which? (A) oedema (B) effusion"
    )
    assert [one.probability for one in found.options] == pytest.approx([0.3, 0.1], abs=1e-6)


def test_probabilities_of_forms_are_counted_once():
    forms = {(1,): "a", (1, 2): "a", (1, 2, 3): "b", (4,): "b"}
    found = shares_of({(1,): 0.5, (1, 2): 0.3, (1, 2, 3): 0.1, (4,): 0.2}, forms, ["a", "b"])
    assert found == pytest.approx({"a": 0.4, "b": 0.3})


def test_the_forms_of_an_option_hold_the_option_itself():
    assert all(option in forms_of(option) for option in ("yes", "B", "Pleural effusion"))


def test_without_options_nothing_is_computed():
    with pytest.raises(InputError, match="neither for yes or no"):
        speaking({}).confidence(None, "Describe this X-ray")


def test_a_real_network_agrees_with_its_own_scores_of_whole_answers(tmp_path):
    with load(write_safetensors(tmp_path), precision="f32", threads=2, context=512) as model:
        picture = np.random.default_rng(0).integers(0, 256, (60, 50, 3), dtype=np.uint8)
        found = model.confidence(picture, QUESTION, options=["normal", "effusion"])
        content = [{"type": "image", "image": picture}, {"type": "text", "text": QUESTION}]
        for one in found.options:
            scores = [model.score([{"role": "user", "content": content}], form).total for form in forms_of(one.option)]
            assert 0 < one.probability <= sum(map(math.exp, scores)) * 1.01
    assert sum(one.share for one in found.options) == pytest.approx(1)
