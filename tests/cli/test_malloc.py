"""The program puts itself in its own place with large pages, once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, os, sys
from osler.cli.malloc import restart_with_large_pages
restart_with_large_pages(["ask"])
print(json.dumps([os.getpid(), sys.argv[1:], os.environ.get("GLIBC_TUNABLES")]))
"""

linux = pytest.mark.skipif(sys.platform != "linux", reason="glibc only")


def run(tmp_path, *arguments: str, **variables: str) -> tuple[int, list]:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    environment = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"} | variables
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, str(script), *arguments], stdout=subprocess.PIPE, text=True, env=environment
    )
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return process.pid, json.loads(out)


@linux
def test_a_verb_that_computes_starts_again_as_the_same_process_with_the_same_arguments(tmp_path):
    started, (pid, arguments, tunables) = run(tmp_path, "ask", "a b.png", "What?")
    assert (pid, arguments, tunables) == (started, ["ask", "a b.png", "What?"], "glibc.malloc.hugetlb=1")


def test_another_verb_does_not(tmp_path):
    assert run(tmp_path, "models")[1][2] is None


@linux
def test_a_setting_of_the_users_is_left_alone(tmp_path):
    assert run(tmp_path, "ask", GLIBC_TUNABLES="glibc.malloc.check=0")[1][2] == "glibc.malloc.check=0"


def test_arguments_that_are_not_the_process_s_own_start_nothing(monkeypatch):
    from osler.cli.malloc import restart_with_large_pages

    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    monkeypatch.setattr(sys, "argv", ["osler", "ask", "something else"])
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("started again"))
    restart_with_large_pages(["ask"])
    assert "GLIBC_TUNABLES" not in os.environ
