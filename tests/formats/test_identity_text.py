import pytest

from osler.formats.identity_text import Date, dates_in, fold, is_unspaced, words_in


def test_words_are_found_with_their_places():
    words = words_in("Mr O'Neill's film_2")
    assert [(word.letters, word.start, word.end) for word in words] == [
        ("Mr", 0, 2),
        ("O'Neill", 3, 12),
        ("film", 13, 17),
        ("2", 18, 19),
    ]


def test_words_that_begin_something_are_told_from_those_within():
    words = words_in("White matter. White (White) of White\n- 2020-01-02 White")
    assert [word.begins for word in words if word.letters == "White"] == [True, True, True, False, True]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "MUELLER"),
        ("Müller", "muller"),
        ("Sørensen", "Sorensen"),
        ("Sørensen", "Soerensen"),
        ("Łukasz", "lukasz"),
        ("Weiß", "WEISS"),
        ("José", "Jose\u0301"),
        ("O’Neill", "oneill"),
        ("Æsa", "Aesa"),
    ],
)
def test_spellings_of_one_name_share_a_form(one, other):
    assert fold(one) & fold(other)


def test_different_names_share_no_form():
    assert not fold("Müller") & fold("Miller")


@pytest.mark.parametrize("text", ["山田", "ひろし", "김", "สมชาย"])
def test_scripts_without_spaces_are_known(text):
    assert is_unspaced(text)
    assert not is_unspaced("Иванов")


@pytest.mark.parametrize(
    "text",
    [
        "1947-09-29",
        "1947/9/29",
        "19470929",
        "29.09.1947",
        "29/9/47",
        "09-29-1947",
        "born 29 September 1947.",
        "29th of September, 1947",
        "29. Sept. 1947",
        "September 29th, 1947",
        "SEP 29 1947",
        "29 de septiembre de 1947",
        "le 29 septembre 1947",
        "29-Sep-1947",
        "1947年9月29日",
        "1947-09-29T08:00",
    ],
)
def test_a_day_is_read_in_every_usual_form(text):
    full, short = Date(1947, 9, 29), Date(47, 9, 29)
    assert any({full, short} & found.readings for found in dates_in(text))


@pytest.mark.parametrize("text", ["13.5 g/dL", "120/80", "1 2 3", "T 12 L 3 4", "the 29 lesions 1947", "194709291"])
def test_other_numbers_are_no_day(text):
    assert not any(Date(1947, 9, 29) in found.readings for found in dates_in(text))


def test_a_day_s_place_is_told():
    text = "born on 29 September 1947, seen 2020-03-01"
    assert [text[found.start : found.end] for found in dates_in(text)] == ["2020-03-01", "29 September 1947"]
