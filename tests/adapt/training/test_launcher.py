"""Several processes end as one command does: with one error and its exit code."""

import subprocess
import sys

import pytest

from osler.adapt.training.processes import decided_by_first

FAILING = """
import os, sys, time
if os.environ["RANK"] == "1":
    print("error: it cannot be", file=sys.stderr)
    sys.exit(2)
time.sleep(60)
"""


def test_the_launcher_adds_nothing_to_the_error_of_a_process_and_exits_as_it_did(tmp_path):
    script = tmp_path / "failing.py"
    script.write_text(FAILING)
    words = [sys.executable, "-m", "osler.adapt.training.launcher", "--standalone", "--nproc_per_node", "2", script]
    done = subprocess.run(words, capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr) == (2, "error: it cannot be\n")


def test_one_process_decides_for_itself_and_raises_what_it_must():
    assert decided_by_first(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        decided_by_first(lambda: 1 // 0)
