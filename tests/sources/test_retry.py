import pytest

from osler.errors import DownloadError
from osler.sources.retry import WAITS_S, Unreachable, persist


def failing(times: int, error: Exception):
    tries = []

    def work() -> int:
        tries.append(1)
        if len(tries) <= times:
            raise error
        return len(tries)

    return work, tries


def test_what_is_out_of_reach_is_asked_again():
    work, _ = failing(2, Unreachable("away"))
    assert persist(work) == 3


def test_it_ends_after_as_many_tries_as_there_are_waits():
    work, tries = failing(100, Unreachable("away"))
    with pytest.raises(Unreachable):
        persist(work)
    assert len(tries) == len(WAITS_S) + 1


def test_a_refusal_is_not_asked_again():
    work, tries = failing(1, DownloadError("no"))
    with pytest.raises(DownloadError):
        persist(work)
    assert len(tries) == 1
