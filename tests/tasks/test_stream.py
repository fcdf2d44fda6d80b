"""An answer as it is written: the engine runs as always, over a network that says what a test wants to hear."""

import math
import threading
from dataclasses import astuple

import pytest

from osler.errors import WeightsError
from osler.tasks.progress import READING_PROMPT
from osler.testing.scripted import scripted_model


def joined(stream) -> list[tuple[str, str]]:
    """The pieces of a stream, those of one kind that follow each other made one."""
    pieces: list[tuple[str, str]] = []
    for kind, text in stream:
        if pieces and pieces[-1][0] == kind:
            pieces[-1] = (kind, pieces[-1][1] + text)
        else:
            pieces.append((kind, text))
    return pieces


def test_an_answer_ends_at_the_stop_token_which_has_no_text():
    reply = scripted_model("Clear.<end_of_turn>ignored").ask(None, "Lungs?")
    assert (reply.text, reply.thinking, reply.finish_reason) == ("Clear.", None, "stop")
    assert reply.usage.completion_tokens == len("Clear.") + 1 == len(reply.token_ids)


def test_thinking_is_told_from_the_answer():
    stream = scripted_model("<unused94>thought\nHeart first.<unused95>Enlarged.<end_of_turn>").stream(None, "Heart?")
    assert joined(stream) == [("thinking", "Heart first."), ("answer", "Enlarged.")]
    assert (stream.reply.thinking, stream.reply.text) == ("Heart first.", "Enlarged.")


def test_thinking_that_was_cut_off_leaves_no_answer():
    stream = scripted_model("<unused94>thought\nHeart first, then").stream(None, "Heart?", max_new_tokens=20)
    assert joined(stream)[0][0] == "thinking"
    assert (stream.reply.text, stream.reply.finish_reason) == ("", "length")
    assert stream.reply.thinking.startswith("Heart")


def test_thinking_without_its_opening_token_is_told_in_the_reply():
    reply = scripted_model("Heart first.<unused95>Enlarged.<end_of_turn>").ask(None, "Heart?")
    assert (reply.thinking, reply.text) == ("Heart first.", "Enlarged.")


def test_a_stop_text_is_neither_streamed_nor_in_the_reply():
    stream = scripted_model("One. Two. Three.").stream(None, "Count.", stop="Two")
    assert joined(stream) == [("answer", "One. ")]
    assert (stream.reply.text, stream.reply.finish_reason) == ("One. ", "stop")


def test_a_character_of_several_tokens_is_streamed_whole():
    assert "�" not in joined(scripted_model("37 °C 胸片<end_of_turn>").stream(None, "Temperature?"))[0][1]


def test_the_prompt_s_progress_is_told_from_nothing_to_all():
    model = scripted_model("Clear.<end_of_turn>")
    told = []
    model.progress = lambda *event: told.append(event)
    stream = model.stream(None, "Lungs?")
    list(stream)
    total = stream.num_prompt_tokens
    assert told == [(READING_PROMPT, 0, total), (READING_PROMPT, total, total)]


def test_ctrl_c_keeps_what_was_written_and_frees_the_engine():
    model = scripted_model("Clear lungs.<end_of_turn>Yes.<end_of_turn>")
    stream = model.stream(None, "Lungs?")
    interrupted = iter([*"Clear"])
    with pytest.raises(KeyboardInterrupt):
        for _ in stream:
            if next(interrupted, None) is None:
                raise KeyboardInterrupt
    stream.cancel()
    assert stream.reply.finish_reason == "cancelled"
    assert stream.reply.text.startswith("Clear")
    assert model.ask(None, "And now?").finish_reason == "stop"


def test_ctrl_c_inside_the_network_leaves_a_reply_too():
    stream = scripted_model("Cl", KeyboardInterrupt()).stream(None, "Lungs?")
    with pytest.raises(KeyboardInterrupt):
        list(stream)
    assert (stream.reply.text, stream.reply.finish_reason) == ("Cl", "cancelled")


def test_ctrl_c_before_the_first_token_leaves_a_reply_without_text():
    stream = scripted_model(KeyboardInterrupt()).stream(None, "Lungs?")
    with pytest.raises(KeyboardInterrupt):
        list(stream)
    assert (stream.reply.text, stream.reply.usage.completion_tokens) == ("", 0)
    assert not any(math.isnan(seconds) for seconds in astuple(stream.reply.timings))


def test_another_thread_can_cancel_a_stream_that_is_being_read():
    model = scripted_model("a" * 2000)
    stream = model.stream(None, "Write much.", max_new_tokens=1900)
    begun = threading.Event()
    reader = threading.Thread(target=lambda: [begun.set() for _ in stream])
    reader.start()
    assert begun.wait(timeout=10)
    stream.cancel()
    reader.join(timeout=10)
    assert not reader.is_alive()
    assert stream.reply.finish_reason == "cancelled"
    assert 0 < stream.reply.usage.completion_tokens < 1900


def test_a_failure_of_the_network_is_raised_and_there_is_no_reply():
    stream = scripted_model("Cl", None).stream(None, "Lungs?")
    with pytest.raises(WeightsError, match="computed nan"):
        list(stream)
    assert stream.reply is None
