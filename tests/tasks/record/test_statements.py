import pytest

from osler.tasks.record.chart import open_chart
from osler.tasks.record.groups import groups_of
from osler.tasks.record.statements import checked, said_in, written
from osler.testing.fhir import make_bundle, small_record


@pytest.fixture
def check(tmp_path):
    """Statements checked against a small record of which all was shown but the earlier haemoglobin."""
    chart = open_chart([make_bundle(tmp_path / "record.json", small_record())])
    groups = [group for entries in chart.entries.values() for group in groups_of(entries)]
    shown = {entry.handle: entry for entry in chart if entry.handle != "Observation/1"}

    def run(*given: tuple[str, list[str]]):
        return checked([{"text": text, "sources": sources} for text, sources in given], shown, groups, "2026-06-30")

    return run


@pytest.mark.parametrize(
    "text, unfound",
    [
        ("13.5 g/dL on 2020-03-01.", ()),
        ("13.50 g/dL on March 1, 2020.", ()),
        ("13.6 g/dL on 2020-03-02.", ("2020-03-02", "13.6")),
        ("2 values, the highest 14.0 of 2018.", ()),  # of what was computed of both
        ("Six years before 2026-06-30.", ()),
        ("1,350 g/dL.", ("1350",)),
    ],
)
def test_numbers_are_looked_for_in_the_cited_entries(check, text, unfound):
    (statement,) = check((text, ["Observation/2"]))
    assert statement.unfound_numbers == unfound


def test_numbers_of_an_entry_that_is_not_cited_are_not_found(check):
    (statement,) = check(("Ibuprofen 400 mg", ["Observation/2"]))
    assert statement.unfound_numbers == ("400",)


def test_entries_named_in_the_text_become_sources_and_those_not_shown_are_told(check):
    (statement,) = check(("It hurts [MedicationRequest/1] since long [Observation/1].", ["Condition/1"]))
    assert statement.sources == ("Condition/1", "MedicationRequest/1")
    assert statement.unfound_references == ("Observation/1",)
    assert statement.cited_text == "It hurts since long . [Condition/1] [MedicationRequest/1]"


@pytest.mark.parametrize(
    "text, shares",
    [("Hemoglobin is fine.", True), ("The kidneys fail.", False), ("100 % A1c", False), ("13.5 on 2020-03-01", True)],
)
def test_a_statement_without_a_word_of_its_entries_is_told(check, text, shares):
    (statement,) = check((text, ["Observation/2"]))
    assert statement.shares_words is shares


def test_equal_and_empty_statements_are_left_out(check):
    found = check(("It hurts.", ["Condition/1"]), (" It  hurts. ", ["Condition/1"]), (" . ", ["Condition/1"]))
    assert written(found) == "It hurts. [Condition/1]"


def test_a_number_within_a_handle_is_no_support(check):
    (statement,) = check(("Two is 2.", ["Condition/1"]))
    assert statement.unfound_numbers == ("2",)


def test_numbers_with_thousands_are_whole():
    assert said_in("1,250,000 copies and 3, 4") == ["1250000", "3", "4"]
