from hypothesis import given
from hypothesis import strategies as st

from osler.tasks.record.blocks import Line, chunks, fitting, pieces, shares
from osler.tasks.record.chart import open_chart
from osler.testing.fhir import make_bundle, observation


def lines(*texts: str) -> list[Line]:
    return [Line(text=text, entries=()) for text in texts]


def words(text: str) -> int:
    return len(text.split())


@given(st.lists(st.integers(0, 1000), max_size=8), st.integers(0, 3000))
def test_shares_stay_within_the_budget_and_give_all_where_it_is_enough(sizes, budget):
    found = shares(sizes, budget)
    assert sum(found) <= budget
    assert all(given <= size for given, size in zip(found, sizes, strict=True))
    if sum(sizes) <= budget:
        assert found == sizes


def test_lines_that_fit_the_question_are_kept_in_their_order():
    given_ = lines("iron low", "zinc high", "iron high", "copper low")
    assert [line.text for line in fitting(given_, 6, "iron", words)] == ["iron low", "iron high"]


def test_of_lines_that_say_nothing_the_last_are_kept():
    assert [line.text for line in fitting(lines("a", "b", "c"), 4, "iron", words)] == ["b", "c"]


def test_portions_hold_all_lines_in_order():
    given_ = lines("a a", "b b b b b b b", "c", "d")
    found = [[line.text for line in portion] for portion in chunks(given_, 6, words)]
    assert found == [["a a"], ["b b b b b b b"], ["c", "d"]]


@given(st.text(alphabet="ab ", min_size=1, max_size=400).filter(str.strip), st.integers(1, 60))
def test_a_long_line_is_cut_without_losing_a_letter(tmp_path_factory, text, size):
    path = tmp_path_factory.mktemp("long") / "record.json"
    note = [{"text": f"x{text}x"}]
    (entry,) = open_chart([make_bundle(path, [observation("Iron", 1, "mg", "2020-01-01", note=note)])])
    found = list(pieces(Line(text=entry.cited_line, entries=(entry,)), size))
    joined = "".join(line.text.removeprefix("- [Observation/1]").removeprefix(" (part)") for line in found)
    assert joined.replace(" ", "") == entry.line.replace(" ", "")
    assert all(line.text.startswith("- [Observation/1] ") for line in found)
