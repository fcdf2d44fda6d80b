"""An answer that was kept is never taken for another adapter's, nor for the base model's."""

import numpy as np
import pytest

from osler.evals.engines.local import LocalRespondent
from osler.evals.keys import setup_of
from osler.evals.sample import Ask
from osler.tasks.load import open_model
from osler.testing.tiny import write_safetensors
from osler.testing.tiny_adapter import write_adapter

ASK = Ask(parts=("what",), choices=("q", "b"))


@pytest.fixture(scope="module")
def respondents(tmp_path_factory):
    root = tmp_path_factory.mktemp("evals")
    write_safetensors(root / "base", kind="f32", vision=False)
    named = {"one": write_adapter(root / "one", seed=1), "two": write_adapter(root / "two", seed=2)}
    with open_model(root / "base", precision="f32", context=2048, adapters=named, repeatable=True) as model:
        yield {name: LocalRespondent(model.adapted(name)) for name in (None, "one", "two")}


def test_each_adapter_has_keys_of_its_own(respondents):
    setups = {setup_of(respondent.identity, "plain") for respondent in respondents.values()}
    assert len(setups) == 3


def test_a_run_says_which_adapter_answered(respondents):
    identity = respondents["one"].identity
    assert identity["model"] == "base with adapter one"
    assert identity["quantisation"] == respondents[None].identity["quantisation"] == "safetensors F32"


def test_choices_are_measured_with_the_adapter(respondents):
    measured = {name: respondent.answer(ASK).choice_logprobs for name, respondent in respondents.items()}
    assert np.abs(np.subtract(measured["one"], measured[None])).max() > 0.01
    assert np.abs(np.subtract(measured["one"], measured["two"])).max() > 0.01


def test_what_it_expects_is_watched_with_the_adapter(respondents):
    seen = {name: {} for name in respondents}
    for name, respondent in respondents.items():
        respondent.watch(
            Ask(parts=("what",)), lambda place, logits, name=name: seen[name].update({place: logits.copy()})
        )
    assert seen["one"].keys() == seen[None].keys()
    assert max(np.abs(seen["one"][place] - seen[None][place]).max() for place in seen[None]) > 0.01
