"""Stop texts over streams."""

from hypothesis import given
from hypothesis import strategies as st

from osler.engine.stop import StopWatch, TextStream
from osler.testing.tokens import CharacterTokenizer

TOKENIZER = CharacterTokenizer()


def watched(pieces, *stops):
    watch = StopWatch(stops)
    return [watch.push(piece) for piece in pieces], watch.finish(), watch.stopped


def test_without_stop_texts_all_passes_at_once():
    assert watched(["ab", "c"]) == (["ab", "c"], "", False)


def test_what_may_begin_a_stop_text_is_held_back():
    assert watched(["a#", "#b"], "###") == (["a", "##b"], "", False)


def test_a_stop_text_over_several_pieces_is_found_and_left_out():
    assert watched(["ab#", "#", "#cd"], "###") == (["ab", "", ""], "", True)


def test_nothing_passes_after_a_stop_text():
    assert watched(["a.b", "c"], ".") == (["a", ""], "", True)


def test_what_was_held_back_comes_at_the_end():
    assert watched(["a##"], "###") == (["a"], "##", False)


def test_a_false_start_is_searched_for_a_true_one():
    assert watched(["aa", "ab"], "aab") == (["", "a"], "", True)
    assert watched(["aaa", "b!"], "aab") == (["a", ""], "", True)


def test_of_two_stop_texts_the_one_that_is_complete_first_counts():
    assert watched(["xabc"], "abc", "b") == (["xa"], "", True)


def test_of_two_that_end_together_the_longer_counts():
    assert watched(["xab"], "b", "ab") == (["x"], "", True)


def by_definition(text, stops):
    """The text before the stop text that is complete first, character by character."""
    for end in range(1, len(text) + 1):
        ended = [stop for stop in stops if text[:end].endswith(stop)]
        if ended:
            return text[: end - max(map(len, ended))]
    return text


@given(
    pieces=st.lists(st.text("ab#", max_size=4), max_size=10),
    stops=st.lists(st.text("ab#", min_size=1, max_size=4), max_size=3),
)
def test_the_text_does_not_depend_on_how_it_was_cut(pieces, stops):
    texts, rest, stopped = watched(pieces, *stops)
    whole = "".join(pieces)
    assert "".join(texts) + rest == by_definition(whole, stops)
    assert stopped == any(stop in whole for stop in stops)


@given(pieces=st.lists(st.text("ab#", max_size=4), max_size=10), stops=st.lists(st.text("ab#", min_size=1), max_size=3))
def test_what_passed_is_never_taken_back(pieces, stops):
    watch, passed = StopWatch(tuple(stops)), ""
    for count, piece in enumerate(pieces, start=1):
        passed += watch.push(piece)
        assert by_definition("".join(pieces[:count]), stops).startswith(passed)


def streamed(ids, *stops):
    stream = TextStream(TOKENIZER, stops)
    return [*map(stream.push, ids), stream.finish()], stream.stopped


def test_a_stream_joins_bytes_and_finds_stop_texts():
    assert streamed(TOKENIZER.encode("🫀!!x"), "!!") == (["", "", "", "🫀", "", "", "", ""], True)


def test_a_special_token_lets_out_what_was_written_before_it():
    end = TOKENIZER.id_of("<unused95>")
    ids = [*TOKENIZER.encode("a!"), end, *TOKENIZER.encode("!b")]
    assert streamed(ids, "!!") == (["a", "", "!", "", "!b", ""], False)


def test_a_stop_text_at_the_very_end_is_left_out():
    assert streamed(TOKENIZER.encode("a!!"), "!!") == (["a", "", "", ""], True)


def test_the_end_lets_out_unfinished_characters_and_false_starts():
    heart = TOKENIZER.encode("🫀")
    assert streamed([*TOKENIZER.encode("a!"), heart[0]], "!!") == (["a", "", "", "!\ufffd"], False)


def test_without_a_tokenizer_there_is_no_text():
    stream = TextStream(None, ())
    assert stream.push(5) + stream.finish() == ""
