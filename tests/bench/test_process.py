"""Running programs: when they wrote what, how much memory they took, how they fail and are ended."""

import os
import signal
import sys
import threading
import time

import pytest

from osler.bench.process import run_process
from osler.errors import OslerError

MIB = 1 << 20


def python(program: str, **options):
    return run_process([sys.executable, "-c", program], **options)


def is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_output_is_kept_apart_with_the_time_at_which_it_came():
    finished = python(
        "import sys, time; print('one', flush=True); time.sleep(0.3); print('two', flush=True);"
        "print('talk', file=sys.stderr)"
    )
    assert finished.out_text.split() == ["one", "two"]
    assert finished.err_text.strip() == "talk"
    assert 0 < finished.out[0].at_s <= finished.out[-1].at_s
    assert finished.out[-1].at_s >= 0.3
    assert finished.seconds >= 0.3


def test_a_failure_tells_the_code_and_the_last_words():
    with pytest.raises(OslerError, match=r"ended with code 3:\nnot enough of it"):
        python("import sys; print('not enough of it', file=sys.stderr); sys.exit(3)")


def test_a_program_that_is_not_there_is_an_error_and_no_traceback():
    with pytest.raises(OslerError, match="cannot run `/nowhere/llama-bench`"):
        run_process(["/nowhere/llama-bench"])


def test_the_peak_is_that_of_the_program_and_not_of_the_one_that_started_it():
    held = bytearray(200 * MIB)  # Linux would count these into the child's peak
    small = python("pass", weigh=True).peak_bytes
    large = python(f"held = bytearray(b'1') * {100 * MIB}", weigh=True).peak_bytes
    assert len(held) == 200 * MIB
    assert small < 60 * MIB
    assert 100 * MIB < large < 160 * MIB


def test_a_failure_is_told_while_weighing_too():
    with pytest.raises(OslerError, match="ended with code 3"):
        python("import sys; sys.exit(3)", weigh=True)


@pytest.mark.parametrize("weigh", [False, True])
def test_an_interruption_ends_the_program(tmp_path, weigh):
    note = tmp_path / "process"
    program = f"import os, pathlib, time; pathlib.Path({str(note)!r}).write_text(str(os.getpid())); time.sleep(60)"

    def interrupt():
        while not (note.exists() and note.read_text()):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        python(program, weigh=weigh)
    assert not is_running(int(note.read_text()))
