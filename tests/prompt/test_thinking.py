import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.prompt.thinking import (
    SplitText,
    ThinkingSplitter,
    ask_to_think,
    split_text,
)
from osler.values import Message, TextPart

CASES = {
    "no thinking": ("It is large.", SplitText(None, "It is large.")),
    "nothing": ("", SplitText(None, "")),
    "closed": ("<unused94>thought\nLook.\nMore.<unused95>Large.", SplitText("Look.\nMore.", "Large.")),
    "closed, with white space": ("<unused94>thought\n\n Look. \n<unused95>\n Large.\n", SplitText("Look.", "Large.")),
    "unclosed": ("<unused94>thought\nLook at the he", SplitText("Look at the he", "")),
    "cut off in the label": ("<unused94>thou", SplitText("", "")),
    "without the label": ("<unused94>Look.<unused95>Large.", SplitText("Look.", "Large.")),
    "empty thinking": ("<unused94>thought\n<unused95>Large.", SplitText("", "Large.")),
    "only the closing token": ("Look.<unused95>Large.", SplitText("Look.", "Large.")),
    "only the closing token, labelled": ("thought\nLook.<unused95>Large.", SplitText("Look.", "Large.")),
    "closed twice": ("<unused94>thought\nLook.<unused95>Large.<unused95>Very.", SplitText("Look.", "Large.Very.")),
    "opened twice": ("<unused94>thought\nLook.<unused94>More.<unused95>Large.", SplitText("Look.More.", "Large.")),
    "thinking again": (
        "<unused94>thought\nA<unused95>B<unused94>thought\nC<unused95>D",
        SplitText("AC", "BD"),
    ),
    "answer before thinking": ("Well. <unused94>thought\nA<unused95>B", SplitText("A", "Well. B")),
    "the word thought in an answer": ("thought\nless", SplitText(None, "thought\nless")),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_a_whole_reply_is_split(text, expected):
    assert split_text(text) == expected


def joined(pieces, kind) -> str:
    return "".join(piece.text for piece in pieces if piece.kind == kind).strip()


def test_a_stream_gives_thinking_and_answer_as_they_come():
    splitter = ThinkingSplitter()
    pieces = [
        piece for text in ("<unused94>", "thought\n", "A", "b", "<unused95>", "C", "d") for piece in splitter.push(text)
    ]
    assert pieces + list(splitter.finish()) == [("thinking", "A"), ("thinking", "b"), ("answer", "C"), ("answer", "d")]


def test_a_stream_never_lets_out_part_of_a_marker():
    splitter = ThinkingSplitter()
    assert splitter.push("Large <unus") == (("answer", "Large "),)
    assert splitter.push("ed94>thou") == ()
    assert splitter.push("ght\nLook") == (("thinking", "Look"),)
    assert splitter.push("<") == ()
    assert splitter.push("unused95> Yes") == (("answer", "Yes"),)


def test_what_only_looked_like_a_marker_comes_out_in_the_end():
    splitter = ThinkingSplitter()
    assert splitter.push("p <unused") == (("answer", "p "),)
    assert splitter.push("96>") == (("answer", "<unused96>"),)
    assert splitter.push("<") == ()
    assert splitter.finish() == (("answer", "<"),)


def test_a_stream_knows_whether_the_model_thought():
    splitter = ThinkingSplitter()
    splitter.push("A")
    assert not splitter.has_thought
    splitter.push("<unused94>")
    assert splitter.has_thought


fragments = st.lists(
    st.sampled_from(["<unused94>", "<unused95>", "thought\n", "<unused", "94>", "<", "a", " ", "\n", "é"]), max_size=12
)


@settings(deadline=None)
@given(fragments, st.integers(1, 9))
def test_a_stream_says_what_the_whole_text_says(parts, size):
    text = "".join(parts)
    before, closing, _ = text.partition("<unused95>")
    if closing and "<unused94>" not in before:
        text = "<unused94>" + text
    splitter = ThinkingSplitter()
    pieces = [piece for start in range(0, len(text), size) for piece in splitter.push(text[start : start + size])]
    pieces += splitter.finish()
    whole = split_text(text)
    assert joined(pieces, "thinking") == (whole.thinking or "")
    assert joined(pieces, "answer") == whole.answer.strip()
    assert all(piece.text for piece in pieces)


def test_the_trigger_goes_before_the_system_text():
    system = Message(role="system", parts=(TextPart(text="You are a radiologist."),))
    user = Message(role="user", parts=(TextPart(text="Hi"),))
    asked = ask_to_think([system, user])
    assert "".join(part.text for part in asked[0].parts) == (
        "SYSTEM INSTRUCTION: think silently if needed. You are a radiologist."
    )
    assert asked[1] is user


def test_without_a_system_text_the_trigger_stands_alone():
    user = Message(role="user", parts=(TextPart(text="Hi"),))
    asked = ask_to_think([user])
    assert [message.role for message in asked] == ["system", "user"]
    assert asked[0].parts == (TextPart(text="SYSTEM INSTRUCTION: think silently if needed."),)
