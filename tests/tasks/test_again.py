"""Asking again: less is computed, and nothing is answered otherwise."""

import pytest

from osler.tasks.load import DEMONSTRATION, load

PICTURE = DEMONSTRATION / "chest.jpg"
QUESTIONS = ("Describe this X-ray.", "Is there an effusion?", "Describe this X-ray.")


def ask(model, question):
    return model.ask(PICTURE, question, max_new_tokens=20, logprobs=True)


@pytest.mark.parametrize("precision", ["bf16", "f32"])
def test_what_is_kept_of_a_picture_changes_no_bit_of_an_answer(precision):
    with load(precision=precision, context=512) as model:
        fresh = []
        for question in QUESTIONS:
            model.engine.forget()
            fresh.append(ask(model, question))
        model.engine.forget()
        kept = [ask(model, question) for question in QUESTIONS]
    assert [reply.usage.cached_tokens for reply in fresh] == [0, 0, 0]
    assert [reply.usage.cached_tokens for reply in kept] == [0, 70, 70]
    for one, other in zip(fresh, kept, strict=True):
        assert one.token_ids == other.token_ids
        assert one.logprobs == other.logprobs


def test_guesses_change_no_answer_in_f32_and_are_off_in_bf16():
    replies = []
    for guesses in (False, None):
        with load(precision="f32", context=512, guesses=guesses) as model:
            replies.append([model.ask(PICTURE, question, max_new_tokens=60).token_ids for question in QUESTIONS])
            assert model.engine._scheduler.limits.guesses == (0 if guesses is False else 3)
    assert replies[0] == replies[1]
    with load(context=512) as model:
        assert model.engine._scheduler.limits.guesses == 0
