"""Printing: data to stdout, talk to stderr, bars only on a terminal."""

import json
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from osler.cli.console import phases, print_error, print_json, print_note, print_text, progress

DRAW = """
import time
from osler.cli.console import phases
with phases("bytes") as report:
    for done in (0, 1_000_000, 1_500_000, 2_000_000):
        report("Fetching weights", done, 4_000_000)
        time.sleep(0.15)
    report("Checking [weights]", 4_000_000, 4_000_000)
    time.sleep(0.15)
"""


@dataclass(frozen=True)
class Point:
    name: str
    at: tuple[int, int]


def on_a_terminal(program: str, **environment: str) -> str:
    """What a program writes to stderr when that is a terminal."""
    terminal, end = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program], stderr=end, env={**os.environ, "TERM": "xterm", **environment}
    ) as process:
        os.close(end)
        written = b""
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:  # Linux reports the end of a terminal so
                break
            if not piece:
                break
            written += piece
        assert process.wait(timeout=30) == 0
    os.close(terminal)
    return written.decode()


def test_json_takes_dataclasses_paths_sets_and_numpy(capsys):
    print_json(
        {"point": Point("é", (1, 2)), "path": Path("a/b"), "set": {2, 1}, "array": np.arange(2), "f": np.float32(0.5)}
    )
    shown = json.loads(capsys.readouterr().out)
    assert shown == {"point": {"name": "é", "at": [1, 2]}, "path": "a/b", "set": [1, 2], "array": [0, 1], "f": 0.5}


def test_json_refuses_what_is_not_json():
    with pytest.raises(ValueError, match="JSON compliant"):
        print_json({"loss": float("nan")})
    with pytest.raises(TypeError, match="no JSON for object"):
        print_json(object())


def test_text_is_written_as_it_is(capsys):
    line = "[bold]not markup[/bold] :smile: " + "long " * 100
    print_text(line)
    assert capsys.readouterr().out == line + "\n"


def test_talk_goes_to_stderr_and_is_not_markup_either(capsys):
    print_note("[red]note[/red]")
    print_error("something [x]", "do [y]")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "[red]note[/red]\nerror: something [x]\n\nhint: do [y]\n"


def test_an_error_is_red_on_a_terminal_unless_no_color_is_set():
    program = "from osler.cli.console import print_error; print_error('bad')"
    coloured = on_a_terminal(program, NO_COLOR="")
    plain = on_a_terminal(program, NO_COLOR="1")
    assert "\x1b[1;31merror:" in coloured
    assert "31m" not in plain
    assert "error:" in plain


def test_no_bar_is_drawn_where_stderr_is_no_terminal(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("Loading", 10) as advance, phases() as report:
        advance(5, 10)
        report("Encoding", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_bar_on_a_terminal_tells_the_work_the_amount_and_the_time_left():
    written = on_a_terminal(DRAW)
    assert "Fetching weights" in written
    assert "Checking [weights]" in written
    assert "2.0/4.0 MB" in written
    assert "0:00:0" in written
