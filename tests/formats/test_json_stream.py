import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.formats import json_stream
from osler.formats.json_stream import JsonError, JsonStream

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def stream_of(text: str | bytes, **options) -> JsonStream:
    return JsonStream(io.BytesIO(text if isinstance(text, bytes) else text.encode()), **options)


@given(values=st.lists(VALUES, max_size=5), chunk=st.integers(1, 40))
@settings(deadline=None)
def test_values_come_out_as_they_went_in_whatever_the_pieces(values, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "CHUNK_BYTES", chunk)
        stream = stream_of("\n ".join(json.dumps(value, ensure_ascii=False) for value in values))
        assert [stream.value() for _ in values] == values
        assert stream.peek() == ""


def test_a_number_at_the_end_of_a_piece_is_read_whole(monkeypatch):
    monkeypatch.setattr(json_stream, "CHUNK_BYTES", 2)
    assert stream_of("12345").value() == 12345


def test_a_byte_order_mark_is_stepped_over():
    assert stream_of(b"\xef\xbb\xbf[1]").value() == [1]


def test_structure_can_be_walked_through():
    stream = stream_of(' { "a" : [1, 2] }')
    assert [stream.take("{"), stream.value(), stream.take(":"), stream.peek()] == ["{", "a", ":", "["]
    assert stream.position == 9
    assert [stream.value(), stream.take(",}"), stream.peek()] == [[1, 2], "}", ""]


@pytest.mark.parametrize(
    "text",
    ['{"a": 1', '["secret', "{'a': 1}", "[1,,2]", "", "nul", "[NaN]", "[-Infinity]", "[1e999]", "[" + "9" * 5000 + "]"],
)
def test_what_is_no_json_is_refused_without_its_words(text):
    with pytest.raises(JsonError) as raised:
        stream_of(text).value()
    assert str(raised.value) == "it is damaged or cut off"


def test_another_character_than_the_expected_is_refused():
    with pytest.raises(JsonError, match="damaged"):
        stream_of("]").take("[,")


@pytest.mark.parametrize("mark", ["[", '{"a":'])
def test_deep_nesting_is_refused(mark):
    with pytest.raises(JsonError, match="nested too deeply"):
        stream_of(mark * 200_000).value()


def test_bytes_that_are_not_utf_8_are_refused():
    with pytest.raises(JsonError, match="UTF-8"):
        stream_of('"Müller"'.encode("latin-1")).value()


def test_a_value_longer_than_allowed_is_refused_before_all_of_it_is_read():
    source = io.BytesIO(b'"' + b"a" * 3_000_000 + b'"')
    with pytest.raises(JsonError, match="more than 100,000 characters"):
        JsonStream(source, most_characters=100_000).value()
    assert source.tell() < 1_000_000
