"""Running `osler` as a person does, in a process of its own, on tiny random models."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from osler.testing.tiny import TinyShape, write_gguf, write_safetensors

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60

Finished = subprocess.CompletedProcess[str]


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """The environment of such a process: no model of one's own, no colour, a cache that goes with the test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OSLER_")}
    return {**kept, "OSLER_CACHE": str(tmp_path / "cache"), "NO_COLOR": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "120"}


@pytest.fixture
def osler(environment, tmp_path) -> Callable[..., Finished]:
    """Run a verb to its end, in a folder of the test's own."""

    def run(*arguments: str | Path, stdin: str = "", **options) -> Finished:
        command = [sys.executable, "-m", "osler", *map(str, arguments)]
        return subprocess.run(
            command,
            input=stdin,
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
            **options,
        )

    return run


@pytest.fixture
def refused(osler) -> Callable[..., str]:
    """Run a verb that must end with one clear error and nothing on stdout, and give that error."""

    def run(*arguments: str | Path, **options) -> str:
        result = osler(*arguments, **options)
        assert result.returncode == 1, result.stderr
        assert result.stdout == ""
        assert result.stderr.count("error:") == 1
        assert "Traceback" not in result.stderr
        assert "Osler itself failed" not in result.stderr
        return result.stderr

    return run


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory) -> Path:
    """A safetensors folder that reads images; 4,096 tokens of context."""
    return write_safetensors(tmp_path_factory.mktemp("e2e") / "tiny", shape=TinyShape())


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory) -> Path:
    """A GGUF file with its projector beside it."""
    return write_gguf(tmp_path_factory.mktemp("e2e") / "tiny.gguf", "Q4_K")
