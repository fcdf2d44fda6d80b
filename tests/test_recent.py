"""Things used lately: by use, by size, by number."""

from osler.recent import Recent


def kept(recent, words):
    return [word for word in words if word in recent]


def test_what_was_not_used_for_longest_goes_first():
    recent = Recent(6, len)
    for word in ("ab", "cd", "ef"):
        recent.keep(word, word)
    assert recent.get("ab") == "ab"
    recent.keep("gh", "gh")
    assert kept(recent, ("ab", "cd", "ef", "gh")) == ["ab", "ef", "gh"]


def test_the_last_one_stays_however_large():
    recent = Recent(3, len)
    recent.keep("a", "a")
    recent.keep("large", "larger than three")
    assert kept(recent, ("a", "large")) == ["large"]


def test_a_value_in_the_place_of_another_counts_once():
    recent = Recent(5, len)
    recent.keep("a", "12345")
    recent.keep("a", "1")
    recent.keep("b", "1234")
    assert kept(recent, "ab") == ["a", "b"]


def test_no_more_are_kept_than_asked_for():
    recent = Recent(100, len, most=2)
    for word in "abc":
        recent.keep(word, word)
    assert kept(recent, "abc") == ["b", "c"]


def test_what_is_not_there_is_none():
    assert Recent(1, len).get("a") is None
