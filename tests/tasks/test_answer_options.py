"""Which answers a question leaves open."""

import pytest

from osler.errors import InputError
from osler.tasks.answer_options import YES_NO, options_in, refuse_bad_options


@pytest.mark.parametrize(
    "question",
    [
        "Is there a pleural effusion?",
        "Look at the right lung. Does it show an opacity?",
        "Pleural effusion: yes or no",
        "Effusion? Answer Yes/No.",
    ],
)
def test_a_question_for_yes_or_no_is_known(question):
    assert options_in(question) == YES_NO


@pytest.mark.parametrize(
    ("question", "letters"),
    [
        ("Which?\nA) oedema\nB) effusion\nC) mass\nD) none", "ABCD"),
        ("Which? (A) oedema (B) effusion", "AB"),
        ("Is it one of these?\nA. oedema\nB. effusion", "AB"),
        ("Hepatitis A: which? (A) oedema, (B) effusion, (C) see (B) and vitamin E.", "ABC"),
    ],
)
def test_letters_of_options_are_found_in_order(question, letters):
    assert options_in(question) == tuple(letters)


@pytest.mark.parametrize("question", ["Describe this X-ray", "Where is it?", "Group A streptococci (A) only"])
def test_a_question_without_options_is_refused_with_what_to_do(question):
    with pytest.raises(InputError) as raised:
        options_in(question)
    assert "--options" in raised.value.hint


@pytest.mark.parametrize("options", [[], ["one"], ["yes", "Yes"], ["a", " "], "yes, no", [str(n) for n in range(27)]])
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(InputError, match="options"):
        refuse_bad_options(options)
