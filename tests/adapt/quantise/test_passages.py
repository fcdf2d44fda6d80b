"""Passages, where they are compared, and how documents are shared out."""

import numpy as np
import pytest

from osler.adapt.quantise.passages import Passage, digest_of, places_of, split, taken
from osler.errors import InputError


def passage(document: str, length: int = 20, image_at: int | None = None) -> Passage:
    images = () if image_at is None else ((image_at, np.zeros((4, 8), np.float32)),)
    return Passage(document=document, ids=np.arange(length, dtype=np.int32), images=images)


def test_places_are_every_nth_token_that_has_a_next_one():
    assert places_of(passage("a", 13), 4).tolist() == [3, 7, 11]
    assert places_of(passage("a", 12), 4).tolist() == [3, 7]


def test_no_place_stands_in_an_image_or_before_one():
    assert places_of(passage("a", 14, image_at=5), 1).tolist() == [0, 1, 2, 3, 9, 10, 11, 12]


def test_parts_of_one_document_are_never_on_both_sides():
    passages = [passage(f"d{number % 10}") for number in range(40)]
    calibrate, check = split(passages)
    assert len(calibrate) + len(check) == 40
    assert check
    assert not {one.document for one in calibrate} & {one.document for one in check}


def test_more_documents_move_few_to_the_other_side():
    def held(count: int) -> set[str]:
        return {one.document for one in split([passage(f"d{number}") for number in range(count)])[1]}

    assert len(held(40) - held(44)) <= 2


def test_one_document_cannot_be_shared_out():
    with pytest.raises(InputError, match="at least two documents"):
        split([passage("a"), passage("a")])


def test_as_many_as_have_so_many_tokens_are_taken():
    passages = [passage(f"d{number}") for number in range(10)]
    assert len(taken(passages, 70)) == 3
    assert len(taken(passages, 1)) == 1
    assert len(taken(passages, 10_000)) == 10


def test_the_digest_tells_images_apart():
    assert digest_of([passage("a", image_at=3)]) != digest_of([passage("a")])
    assert digest_of([passage("a", image_at=3)]) == digest_of([passage("a", image_at=3)])
