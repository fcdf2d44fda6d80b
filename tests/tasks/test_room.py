"""Counting a study's tokens before its pixels are read."""

from dataclasses import replace

import pytest

from osler.errors import ContextError
from osler.prompt import build_prompt
from osler.tasks.ask import question_messages
from osler.tasks.room import BLANK, Room, limits_for
from osler.tasks.view import Plan
from osler.values import ImagePart, TextPart

QUESTION = "Is there a lesion?"


def plan(num_images: int, kind: str = "volume", texts: tuple[str, ...] | None = None) -> Plan:
    labels = tuple(f"SLICE {number}" for number in range(1, num_images + 1))

    def develop(most):
        raise AssertionError("pixels were read")

    return Plan(
        kind=kind,
        label="series 3",
        num_images=num_images,
        texts=("These are slices.", *labels) if texts is None else texts,
        develop=develop,
    )


@pytest.fixture
def room(model) -> Room:
    return Room(tokenizer=model.tokenizer, image_tokens=4, context=400, model_context=4096)


def num_tokens(room: Room, *plans: Plan) -> int:
    """Tokens of the prompt that these plans make, counted by making it."""
    parts = []
    for one in plans:
        parts.append(TextPart(text=one.texts[0]))
        for label in one.texts[1:]:
            parts += [ImagePart(image=BLANK), TextPart(text=label)]
    return len(build_prompt(question_messages(parts, QUESTION), room.tokenizer, image_tokens=4).ids)


def test_what_fits_is_sent_whole(room):
    assert limits_for([plan(3), plan(2, "film", ())], room, question=QUESTION, fit=False) == (None, None)


def test_the_count_is_that_of_the_prompt_to_the_token(room):
    exact = num_tokens(room, plan(9))
    assert limits_for([plan(9)], replace(room, context=exact + 1), question=QUESTION, fit=False) == (None,)
    with pytest.raises(ContextError):
        limits_for([plan(9)], replace(room, context=exact), question=QUESTION, fit=False)


def test_too_many_images_are_refused_with_the_numbers_and_the_options(room):
    with pytest.raises(ContextError, match=r"text tokens \+ 400 of 100 images .* the context holds 400") as caught:
        limits_for([plan(100)], room, question=QUESTION, fit=False)
    assert "--fit sends the most that fit" in caught.value.hint
    assert "--max-slices" in caught.value.hint
    assert "--context" in caught.value.hint


def test_the_option_that_the_hint_names_makes_it_fit(room):
    with pytest.raises(ContextError) as caught:
        limits_for([plan(100)], room, question=QUESTION, fit=False)
    number = int(caught.value.hint.split("--max-slices ")[1].split()[0])
    assert limits_for([plan(number)], room, question=QUESTION, fit=False) == (None,)


def test_fitting_thins_to_the_most_that_leave_room_for_an_answer(room):
    (most,) = limits_for([plan(100)], room, question=QUESTION, fit=True)
    assert num_tokens(room, plan(most)) <= 400 - 100
    assert room.has_place([plan(100)], [most], QUESTION)
    assert not room.has_place([plan(100)], [most + 1], QUESTION)


def test_an_answer_of_a_given_length_keeps_its_room(room):
    wanted = replace(room, new_tokens=200)
    (most,) = limits_for([plan(100)], wanted, question=QUESTION, fit=True)
    assert num_tokens(room, plan(most)) <= 200
    assert most < limits_for([plan(100)], room, question=QUESTION, fit=True)[0]


def test_several_studies_are_thinned_evenly(room):
    first, second = limits_for([plan(80), plan(40)], room, question=QUESTION, fit=True)
    assert first // 2 == pytest.approx(second, abs=1)


def test_films_are_kept_while_there_are_slices_to_thin(room):
    film, slices = limits_for([plan(4, "film", ()), plan(100)], room, question=QUESTION, fit=True)
    assert film is None
    assert 1 <= slices < 100


def test_films_alone_are_thinned_too(room):
    (most,) = limits_for([plan(100, "film", ())], room, question=QUESTION, fit=True)
    assert 1 <= most < 100


def test_a_text_that_is_too_long_cannot_be_thinned(room):
    record = plan(0, "record", ("effusion " * 500,))
    with pytest.raises(ContextError) as caught:
        limits_for([record, plan(5)], room, question=QUESTION, fit=True)
    assert "--fit" not in caught.value.hint
