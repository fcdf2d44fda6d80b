import pytest

from osler.tasks.labs.times import read_time


@pytest.mark.parametrize(
    "printed, read",
    [
        ("05-06-2024 08:30:00", "2024-06-05T08:30:00"),
        ("05-06-2024", "2024-06-05"),
        ("2024-06-05T08:30", "2024-06-05T08:30:00"),
        ("05.06.2024 08:30", "2024-06-05T08:30:00"),
        ("5 Jun 2024", "2024-06-05"),
        ("June 5, 2024 8:30 PM", "2024-06-05T20:30:00"),
        ("13/06/2024", "2024-06-13"),
    ],
)
def test_a_time_is_read_in_the_forms_that_reports_and_models_use(printed, read):
    assert read_time(printed) == read


@pytest.mark.parametrize(
    "printed", [None, "", "05/06/2024", "yesterday", "31-02-2024", "06/13/2024", "DD-MM-YYYY HH:MM:SS"]
)
def test_a_time_that_is_none_or_could_be_two_is_none(printed):
    assert read_time(printed) is None
