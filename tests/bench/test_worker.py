import pytest

from osler.bench.worker import answer


class Recorded:
    """Notes what it is asked for, in order."""

    def __init__(self):
        self.calls = []

    def wake(self):
        self.calls.append("wake")

    def prefill(self, command):
        self.calls.append("prefill")
        return {"figure": float(len(self.calls))}

    def image(self, command):
        self.calls.append("image")
        return {}


@pytest.mark.parametrize(
    ("phase", "first", "later"),
    [("prefill", ["prefill", "prefill"], ["wake", "prefill"]), ("image", ["image", "image"], ["image"])],
)
def test_the_first_turn_runs_once_unmeasured_and_later_ones_with_tokens_wake_up(phase, first, later):
    measures, warm = Recorded(), set()
    answer(measures, warm, {"phase": phase})
    assert measures.calls == first
    measures.calls.clear()
    figures = answer(measures, warm, {"phase": phase})
    assert measures.calls == later
    assert figures == ({"figure": 2.0} if phase == "prefill" else {})
