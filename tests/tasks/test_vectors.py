"""Encoding each image once."""

import numpy as np
import pytest

from osler.tasks.pace import Pace
from osler.tasks.progress import READING_IMAGES, STARTING_VISION, no_progress
from osler.tasks.vectors import ImageVectors


class Tower:
    """Gives an image's mean in each of 2 × 4 numbers, and counts what it is asked."""

    def __init__(self):
        self.num_encoded = 0

    def encode(self, pixels: np.ndarray, *, tick) -> np.ndarray:
        tick()
        self.num_encoded += len(pixels)
        return np.full((len(pixels), 2, 4), pixels.mean(axis=(1, 2, 3))[:, None, None], np.float32)


def square(level: int) -> np.ndarray:
    return np.full((8, 8, 3), level, np.uint8)


@pytest.fixture
def tower():
    return Tower()


@pytest.fixture
def pace(tmp_path):
    return Pace(tmp_path / "pace.json", "image")


def test_vectors_come_in_the_order_of_the_images(tower, pace):
    black, white = ImageVectors(lambda: tower, pace).of([square(0), square(255)], no_progress)
    assert black.shape == white.shape == (2, 4)
    assert (black == -1).all()
    assert (white == 1).all()


def test_an_image_asked_about_again_is_not_encoded_again(tower, pace):
    vectors = ImageVectors(lambda: tower, pace)
    first = vectors.of([square(0), square(9)], no_progress)
    second = vectors.of([square(9), square(0)], no_progress)
    assert tower.num_encoded == 2
    assert second[0] is first[1]


def test_an_image_sent_twice_in_one_question_is_encoded_once(tower, pace):
    one, other = ImageVectors(lambda: tower, pace).of([square(5), square(5)], no_progress)
    assert tower.num_encoded == 1
    assert one is other


def test_the_least_recently_used_vectors_go_when_the_room_is_full(tower, pace):
    vectors = ImageVectors(lambda: tower, pace, most_bytes=2 * 2 * 4 * 4)
    for level in (1, 2, 1, 3):  # 3 takes the room of 2
        vectors.of([square(level)], no_progress)
    assert tower.num_encoded == 3
    vectors.of([square(1)], no_progress)
    assert tower.num_encoded == 3
    vectors.of([square(2)], no_progress)
    assert tower.num_encoded == 4


def test_more_images_than_the_room_holds_are_all_returned(tower, pace):
    assert len(ImageVectors(lambda: tower, pace, most_bytes=1).of([square(1), square(2)], no_progress)) == 2


def test_the_tower_is_built_when_the_first_image_comes_and_only_then(tower, pace):
    built = []
    vectors = ImageVectors(lambda: built.append(tower) or tower, pace)
    vectors.of([], no_progress)
    assert built == []
    vectors.of([square(1)], no_progress)
    vectors.of([square(2)], no_progress)
    assert built == [tower]


def test_progress_counts_only_the_images_that_are_encoded(tower, pace):
    vectors = ImageVectors(lambda: tower, pace)
    vectors.of([square(1)], no_progress)
    told = []
    vectors.of([square(1), square(2), square(3)], lambda *event: told.append(event))
    whole = [event for event in told if event[1] == int(event[1])]
    assert {event[0] for event in told} == {READING_IMAGES}
    assert {event[2] for event in told} == {2}
    assert [event[1] for event in whole] == [0, 1, 1, 2]
    assert [event[1] for event in told] == sorted(event[1] for event in told)


def test_an_image_that_is_being_encoded_is_said_to_be_done_in_part(tower, pace):
    pace.note(1000.0)
    told = []
    ImageVectors(lambda: tower, pace).of([square(1)], lambda *event: told.append(event))
    (part,) = [done for _, done, _ in told if done != int(done)]
    assert 0 < part < 0.1


def test_the_time_of_an_image_is_remembered(tower, pace):
    ImageVectors(lambda: tower, pace).of([square(1)], no_progress)
    assert 0 < pace.expected_s < 5


def test_building_the_tower_is_told_of(tower, pace):
    told = []
    ImageVectors(lambda: tower, pace).of([square(1)], lambda *event: told.append(event))
    assert told[:2] == [(STARTING_VISION, 0, 1), (STARTING_VISION, 1, 1)]


def test_kept_vectors_cannot_be_written_into(tower, pace):
    (vectors,) = ImageVectors(lambda: tower, pace).of([square(1)], no_progress)
    with pytest.raises(ValueError, match="read-only"):
        vectors[0, 0] = 1
