"""Writing an answer as it comes."""

import json

import pytest

from osler.cli.answer import answer_as_json, write_answer
from osler.errors import OslerError
from osler.testing.scripted import scripted_model

THOUGHT = "<unused94>thought\nHeart first.<unused95>"
END = "<end_of_turn>"


def write(*script, show_thinking=False):
    model = scripted_model(*script)
    return write_answer(model, model.stream(None, "Heart?"), show_thinking=show_thinking)


def test_the_answer_goes_to_stdout_with_a_line_s_end(capsys):
    reply = write(f"Enlarged.{END}")
    assert capsys.readouterr() == ("Enlarged.\n", "")
    assert reply.text == "Enlarged."


def test_an_answer_that_ends_its_line_gets_no_second_end(capsys):
    write(f"Enlarged.\n{END}")
    assert capsys.readouterr().out == "Enlarged.\n"


def test_thinking_is_not_shown(capsys):
    assert write(f"{THOUGHT}Enlarged.{END}").thinking == "Heart first."
    assert capsys.readouterr() == ("Enlarged.\n", "")


def test_thinking_is_shown_on_stderr_where_asked_for(capsys):
    write(f"{THOUGHT}Enlarged.{END}", show_thinking=True)
    assert capsys.readouterr() == ("Enlarged.\n", "Heart first.\n")


def test_thinking_without_an_answer_leaves_stdout_empty(capsys):
    write("<unused94>thought\nHeart first.<end_of_turn>")
    assert capsys.readouterr().out == ""


def test_ctrl_c_keeps_what_was_written_and_says_how_much(capsys):
    with pytest.raises(OslerError, match="interrupted: 3 tokens were written"):
        write("Enl", KeyboardInterrupt())
    assert capsys.readouterr().out == "Enl\n"


def test_ctrl_c_after_one_token_is_told_in_the_singular():
    with pytest.raises(OslerError, match="interrupted: 1 token was written"):
        write("E", KeyboardInterrupt())


def test_ctrl_c_before_the_first_token_leaves_stdout_empty(capsys):
    with pytest.raises(OslerError, match="interrupted: 0 tokens were written"):
        write(KeyboardInterrupt())
    assert capsys.readouterr().out == ""


def test_json_is_printed_whole(capsys):
    model = scripted_model(f"{THOUGHT}Enlarged — 3 °.{END}")
    answer_as_json(model, model.stream(None, "Heart?"))
    reply = json.loads(capsys.readouterr().out)
    assert (reply["thinking"], reply["text"]) == ("Heart first.", "Enlarged — 3 °.")


def test_ctrl_c_leaves_no_half_of_json(capsys):
    model = scripted_model("Enl", KeyboardInterrupt())
    with pytest.raises(OslerError, match="interrupted: 3 tokens"):
        answer_as_json(model, model.stream(None, "Heart?"))
    assert capsys.readouterr().out == ""


def test_a_text_cannot_steer_the_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    write(f"\x1b[2JA\tB\nC\x9b1m é{END}")
    assert capsys.readouterr().out == "[2JA\tB\nC1m é\n"


def test_a_pipe_gets_the_text_as_it_is(capsys):
    write(f"\x1b[2JA{END}")
    assert capsys.readouterr().out == "\x1b[2JA\n"
