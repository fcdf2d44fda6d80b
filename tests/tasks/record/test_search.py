from osler.tasks.record.search import Ranking

TEXTS = [
    "2019-01-01 Haemoglobin A1c: 7.2 %",
    "2020-01-01 Allergy to penicillin (active)",
    "2020-05-01 Hemoglobin: 13 g/dL",
    "2021-01-01 Hemoglobin: 12 g/dL",
]


def best(question: str, most: int = 4) -> list[int]:
    return Ranking(TEXTS).best(question, most)


def test_spellings_and_plurals_find_each_other():
    assert set(best("haemoglobins")) == {0, 2, 3}
    assert best("any allergies?") == [1]


def test_short_names_find_long_ones():
    assert best("HbA1c")[0] == 0
    assert best("last Hb?", 1) == [3]


def test_of_equals_the_later_comes_first():
    assert best("hemoglobin", 2) == [3, 2]


def test_a_rare_word_counts_more_than_a_frequent_one():
    assert best("hemoglobin A1c")[0] == 0


def test_words_that_say_nothing_find_nothing():
    assert best("What was the patient's last?") == []


def test_no_texts_give_no_places():
    assert Ranking([]).best("iron", 3) == []
