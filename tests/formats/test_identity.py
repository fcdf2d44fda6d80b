import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.formats.identity import FullName, Identity, identity

QUIXOTE = identity([FullName("Quixote", "Alonso Q")], ["LAMANCHA-1605", "34600123456"], ["19470929"])


def person(family: str, given: str = "") -> Identity:
    return identity([FullName(family, given)])


@pytest.mark.parametrize(
    "text",
    [
        "Is Quixote's heart enlarged?",
        "what about quixote",
        "QUIXOTE ALONSO, chest PA",
        "Describe Alonso's knee",
        "Dr. Quixóte wants to know",
    ],
)
def test_a_patient_s_name_is_found(text):
    assert QUIXOTE.kinds_in(text) == {"name"}


@pytest.mark.parametrize("text", ["ID lamancha 1605", "(LAMANCHA1605)", "lamancha_1605.dcm", "call +34 600 12 34 56"])
def test_identifiers_are_found_whatever_divides_them(text):
    assert QUIXOTE.kinds_in(text) == {"identifier"}


def test_the_date_of_birth_is_found():
    assert QUIXOTE.kinds_in("man born 29.9.1947") == {"date of birth"}
    assert QUIXOTE.kinds_in("DOB 9/29/47") == {"date of birth"}


@pytest.mark.parametrize(
    "text",
    [
        "Describe this X-ray",
        "A 72-year-old man born in 1947 in La Mancha",
        "film of 30.9.1947",
        "film 16050 of series 1605",
        "no quixotic question",
        "q",
    ],
)
def test_other_questions_are_let_through(text):
    assert QUIXOTE.kinds_in(text) == frozenset()


@pytest.mark.parametrize(
    "text",
    ["Any white matter lesions?", "White matter lesions?", "WHITE MATTER", "- White cells", "2020-01-02 White cells"],
)
def test_names_that_are_words_of_every_day_are_let_through_as_such(text):
    assert person("White", "Rose").kinds_in(text) == frozenset()


@pytest.mark.parametrize("text", ["Is Mr White well?", "rose about White", "Rose White, chest", "WHITE, ROSE"])
def test_names_that_are_words_of_every_day_are_found_as_names(text):
    assert person("White", "Rose").kinds_in(text) == ({"name"} if text != "WHITE, ROSE" else set())


def test_a_given_name_in_small_letters_is_found_only_beside_the_family_name():
    assert person("Li", "Wei").kinds_in("wei 3") == frozenset()
    assert person("Li", "Wei").kinds_in("the film of li wei") == {"name"}


def test_names_of_two_letters_are_found_written_as_names():
    assert person("Li").kinds_in("Is Mr Li well?") == {"name"}
    assert person("Pa").kinds_in("PA view, pa view") == frozenset()


@pytest.mark.parametrize("family", ["Anonymous", "Patient", "PHANTOM", "Test", "CT", "0001", ""])
def test_what_stands_in_the_place_of_a_name_is_none(family):
    assert (
        person(family, "Anon").kinds_in(f"Describe the {family.lower()} CT of the patient, slice 0001") == frozenset()
    )


def test_family_names_of_several_words_are_found_by_each_but_the_small_ones():
    garcia = person("García Márquez de la Torre")
    assert garcia.kinds_in("the garcia film") == garcia.kinds_in("Torre") == {"name"}
    assert garcia.kinds_in("de la") == frozenset()


@pytest.mark.parametrize("text", ["山田太郎さんの胸部", "山田さん", "山田 太郎"])
def test_names_written_without_spaces_are_found(text):
    assert person("山田", "太郎").kinds_in(text) == {"name"}


def test_a_family_name_of_one_letter_is_found_only_with_the_given_name():
    assert person("林", "志玲").kinds_in("森林志玲") == {"name"}
    assert person("林", "志玲").kinds_in("森林") == frozenset()


@pytest.mark.parametrize("number", ["1", "123", "ABCDEFGH", "", "--"])
def test_identifiers_that_could_be_anything_are_left_out(number):
    assert identity(identifiers=[number]).kinds_in(f"slice {number} of ABCDEFGH") == frozenset()


@pytest.mark.parametrize("born", ["1947", "1947-09", "", "unknown", "19470929extra"])
def test_dates_of_birth_that_are_no_day_are_left_out_and_longer_ones_cut(born):
    assert bool(identity(birth_dates=[born]).kinds_in("1947-09-29")) == (born == "19470929extra")


def test_all_that_names_the_patient_is_taken_out_of_a_text():
    text = "Alonso Quixote (MRN LAMANCHA-1605, born 1947-09-29) has pain; Mr. Quixote takes ibuprofen."
    expected = "[name] (MRN [identifier], born [date of birth]) has pain; Mr. [name] takes ibuprofen."
    assert QUIXOTE.redacted(text) == expected
    assert QUIXOTE.kinds_in(expected) == frozenset()


def test_a_text_that_names_nobody_stays_as_it_is():
    assert QUIXOTE.redacted("  Haemoglobin 13.5 g/dL ") == "  Haemoglobin 13.5 g/dL "


def test_several_patients_are_looked_for_together():
    both = QUIXOTE | person("Panza", "Sancho")
    assert both.kinds_in("panza") == both.kinds_in("quixote") == {"name"}


def test_nothing_is_shown():
    assert repr(QUIXOTE) == str(QUIXOTE) == "Identity(…)"


FRAGMENTS = st.sampled_from(
    [
        "Quixote",
        "quixote",
        "Alonso",
        "ALONSO",
        "Q",
        "LAMANCHA",
        "lamancha",
        "1605",
        "-",
        "_",
        ".",
        ",",
        "(",
        "'s",
        "1947",
        "09",
        "29",
        "29.9.47",
        "September",
        "34600",
        "123456",
        "patient",
        "White",
        "[name]",
        "山田",
        "\n",
    ]
)


def test_what_was_glued_to_something_taken_out_is_looked_at_again():
    assert QUIXOTE.redacted("Quixote29.9.47") == "[name][date of birth]"


@given(pieces=st.lists(st.tuples(FRAGMENTS, st.sampled_from(["", " ", "-", "/"])), max_size=14))
@settings(deadline=None, max_examples=300)
def test_nothing_is_found_in_a_text_from_which_everything_was_taken(pieces):
    who = QUIXOTE | identity([FullName("White", "Rose"), FullName("山田", "太郎")])
    redacted = who.redacted("".join(piece + gap for piece, gap in pieces))
    assert who.kinds_in(redacted) == frozenset(), redacted


@given(text=st.text())
@settings(deadline=None)
def test_any_text_can_be_looked_at(text):
    assert QUIXOTE.kinds_in(text) <= {"name", "identifier", "date of birth"}
