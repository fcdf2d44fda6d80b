"""Cutting prompts into chunks."""

from hypothesis import given
from hypothesis import strategies as st

from osler.engine.chunking import cut_prompt, cut_scored
from osler.engine.request import Span


def cuts(images, stop, limit):
    """Where the chunks of a prompt end; an image that does not fit is taken whole."""
    ends, start = [], 0
    while start < stop:
        cut = cut_prompt(images, start, stop, limit)
        if cut.end == start:
            image = next(image for image in images if image.begin == start)
            cut = cut_prompt(images, start, stop, image.end - start)
        start = cut.end
        ends.append(start)
    return ends


def test_text_is_cut_at_the_limit():
    assert cuts((), 10, 4) == [4, 8, 10]


def test_a_chunk_ends_before_an_image_that_does_not_fit():
    assert cuts((Span(5, 11),), 14, 8) == [5, 13, 14]


def test_an_image_that_just_fits_is_taken():
    assert cuts((Span(2, 8),), 10, 8) == [8, 10]


def test_an_image_longer_than_the_limit_is_taken_whole_and_alone():
    assert cuts((Span(3, 20),), 25, 8) == [3, 20, 25]


def test_nothing_fits_where_an_image_longer_than_the_limit_begins():
    assert cut_prompt((Span(3, 20),), 3, 25, 8).end == 3


def test_only_the_end_of_the_prompt_needs_logits():
    assert cut_prompt((), 0, 10, 4).num_logits == 0
    assert cut_prompt((), 8, 10, 4).num_logits == 1


def test_a_scored_prompt_needs_logits_from_the_token_before_the_first_scored_one():
    assert cut_scored((), 0, 20, 100, 12, 100) == (20, 8)


def test_tokens_before_the_scored_ones_need_no_logits():
    assert cut_scored((), 0, 20, 10, 12, 100) == (10, 0)


def test_rows_of_logits_are_limited():
    assert cut_scored((), 0, 100, 100, 12, 5) == (17, 5)
    assert cut_scored((), 17, 100, 100, 12, 5) == (22, 5)


def test_an_image_among_scored_tokens_needs_logits_for_its_last_position_only():
    image = Span(10, 16)
    assert cut_scored((image,), 0, 30, 100, 4, 100) == (10, 6)
    assert cut_scored((image,), 10, 30, 100, 4, 100) == (16, 1)
    assert cut_scored((image,), 16, 30, 100, 4, 100) == (30, 14)


def test_an_image_right_before_the_first_scored_token_predicts_it():
    assert cut_scored((Span(2, 8),), 2, 30, 100, 7, 100) == (8, 1)


def test_an_image_well_before_the_scored_tokens_is_like_text():
    assert cut_scored((Span(2, 8),), 0, 30, 100, 9, 100) == (30, 21)


@st.composite
def prompts(draw):
    parts = draw(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 30)), max_size=5))
    images, at = [], 0
    for text, length in parts:
        images.append(Span(at + text, at + text + length))
        at += text + length
    return tuple(images), at + draw(st.integers(1, 20))


@given(prompts(), st.integers(1, 40))
def test_no_image_is_ever_split(prompt, limit):
    images, stop = prompt
    ends = cuts(images, stop, limit)
    assert ends[-1] == stop
    assert not any(image.begin < end < image.end for image in images for end in ends)


@given(prompts(), st.integers(1, 40), st.data())
def test_every_scored_text_token_gets_one_row(prompt, limit, data):
    images, length = prompt
    first_row = data.draw(st.integers(0, length - 2)) if length > 2 else 0
    rows = data.draw(st.integers(1, 10))
    predicted, start = [], 0
    while start < length - 1:
        cut = cut_scored(images, start, length - 1, limit, first_row, rows)
        if cut.end == start:
            cut = cut_scored(images, start, length - 1, 100, first_row, rows)
        assert cut.num_logits <= rows
        assert not any(image.begin < cut.end < image.end for image in images)
        predicted += range(cut.end - cut.num_logits + 1, cut.end + 1)
        start = cut.end
    in_image = {token for image in images for token in range(image.begin, image.end)}
    assert [token for token in predicted if token not in in_image] == [
        token for token in range(first_row + 1, length) if token not in in_image
    ]
