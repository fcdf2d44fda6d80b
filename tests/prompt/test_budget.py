import pytest

from osler.errors import ContextError
from osler.prompt.budget import plan_budget
from osler.prompt.expand import ImageSpan, Prompt


def prompt_of(text_tokens: int, *image_tokens: int) -> Prompt:
    spans = tuple(ImageSpan(offset=1, length=length) for length in image_tokens)
    return Prompt(text="", ids=(0,) * (text_tokens + sum(image_tokens)), images=spans)


def test_the_counts_of_text_and_images_are_told_apart():
    budget = plan_budget(prompt_of(16, 256, 256), context=1024, model_context=131_072, max_new_tokens=100)
    assert (budget.text_tokens, budget.image_tokens, budget.prompt_tokens) == (16, 512, 528)
    assert (budget.new_tokens, budget.total_tokens) == (100, 628)


def test_without_a_limit_the_answer_may_fill_the_context():
    assert plan_budget(prompt_of(10), context=64, model_context=64).new_tokens == 54


def test_an_exact_fit_is_no_error():
    assert plan_budget(prompt_of(10), context=64, model_context=64, max_new_tokens=54).total_tokens == 64


def test_too_long_an_answer_is_refused_with_the_numbers_and_both_remedies():
    with pytest.raises(ContextError) as caught:
        plan_budget(prompt_of(16, 256), context=300, model_context=8192, max_new_tokens=100)
    assert caught.value.message == (
        "cannot fit the question: 16 text tokens + 256 of 1 image + 100 to answer with = 372, the context holds 300"
    )
    assert caught.value.hint == (
        "ask for an answer of at most 28 (--max-new-tokens 28), or for a context of at least 372 (--context 372)"
    )


def test_a_prompt_that_fills_the_context_is_refused_even_without_a_limit():
    with pytest.raises(ContextError, match="--context 65") as caught:
        plan_budget(prompt_of(64), context=64, model_context=128)
    assert "--max-new-tokens" not in str(caught.value)


def test_more_than_the_model_reads_can_only_be_made_shorter():
    with pytest.raises(ContextError, match="at most 128 tokens: send less text or fewer images") as caught:
        plan_budget(prompt_of(150, 60), context=128, model_context=128)
    assert "--context" not in str(caught.value)


def test_an_answer_longer_than_the_model_reads_is_offered_a_shorter_one_only():
    with pytest.raises(ContextError) as caught:
        plan_budget(prompt_of(100), context=128, model_context=128, max_new_tokens=40)
    assert caught.value.hint == "ask for an answer of at most 28 (--max-new-tokens 28)"
