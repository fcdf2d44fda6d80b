"""What can be asked of the engine."""

import numpy as np
import pytest

from osler.engine.request import Request, Span
from osler.errors import InputError

IMAGE = np.zeros((4, 16), np.float32)


def test_ids_may_be_a_list():
    ids = Request(ids=[1, 2, 3]).ids
    assert ids.dtype == np.int32
    assert ids.tolist() == [1, 2, 3]


def test_changing_the_ids_afterwards_changes_nothing():
    ids = np.array([1, 2, 3], np.int32)
    request = Request(ids=ids)
    ids[0] = 9
    assert request.ids[0] == 1


@pytest.mark.parametrize("ids", [[], [[1, 2]], [1.5], ["a"], [True]])
def test_ids_that_are_no_list_of_whole_numbers_are_refused(ids):
    with pytest.raises(InputError, match="expected a list of token ids"):
        Request(ids=ids)


@pytest.mark.parametrize("token", [-1, 2**31, 2**40])
def test_ids_out_of_range_are_refused(token):
    with pytest.raises(InputError, match="negative or far too large"):
        Request(ids=[1, token])


def test_spans_say_where_images_stand():
    request = Request(ids=range(20), images=((2, IMAGE), (8, IMAGE)))
    assert request.spans() == (Span(2, 6), Span(8, 12))


def test_images_between_two_places_are_counted_from_the_first():
    request = Request(ids=range(20), images=((2, IMAGE), (8, IMAGE)))
    assert [at for at, _ in request.images_between(6, 20)] == [2]


@pytest.mark.parametrize("offsets", [(-1,), (17,), (2, 5), (2, 6), (8, 2)])
def test_images_outside_the_prompt_out_of_order_or_touching_are_refused(offsets):
    with pytest.raises(InputError, match="cannot place image"):
        Request(ids=range(20), images=tuple((at, IMAGE) for at in offsets))


@pytest.mark.parametrize("image", [np.zeros(4, np.float32), np.zeros((0, 16), np.float32), np.zeros((4, 16))])
def test_images_of_another_shape_or_type_are_refused(image):
    with pytest.raises(InputError, match=r"expected float32 \[M, D\] vectors"):
        Request(ids=range(20), images=((2, image),))


@pytest.mark.parametrize("start", [0, 3, -1])
def test_scores_begin_after_the_first_and_before_the_end(start):
    with pytest.raises(InputError, match="expected a position from 1 to 2"):
        Request(ids=[1, 2, 3], score_from=start)


def test_a_prompt_that_ends_in_an_image_cannot_be_scored():
    with pytest.raises(InputError, match="ends in an image"):
        Request(ids=range(6), images=((2, IMAGE),), score_from=1)
