"""Finding llama.cpp: its own programs, the wheel, or neither."""

import pytest
from stand_in_llama import write_programs

from osler.bench.llama_binaries import LlamaBinaries, find_programs
from osler.bench.llama_wheel import LlamaWheel
from osler.bench.peer import find_llama
from osler.bench.subject import look_at
from osler.errors import InputError
from osler.testing.tiny import write_safetensors


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A machine without llama.cpp's programs."""
    monkeypatch.delenv("LLAMA_CPP_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_the_folder_of_the_environment_comes_first(programs, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(write_programs(tmp_path / "others")))
    assert {path.parent for path in find_programs().values()} == {programs}


def test_programs_are_found_on_the_path(tmp_path, nowhere):
    write_programs(tmp_path, ["llama-bench"])
    assert find_programs() == {"llama-bench": tmp_path / "llama-bench"}


def test_a_folder_without_any_of_them_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("LLAMA_CPP_BIN", str(tmp_path))
    with pytest.raises(InputError, match="holds none of llama-mtmd-cli") as error:
        find_programs()
    assert "docs/benchmarks.md" in error.value.hint


def test_the_programs_are_given_both_files_and_the_same_threads(programs, tiny):
    found = find_llama(look_at(tiny), 3)
    assert isinstance(found, LlamaBinaries)
    assert (found.model, found.projector, found.threads) == (tiny / "tiny.gguf", tiny / "mmproj.gguf", 3)
    assert "0.5.0-dev" in found.description


def test_phases_whose_program_is_missing_cannot_be_measured(nowhere, tmp_path, tiny):
    write_programs(tmp_path, ["llama-bench", "llama-cli"])
    assert find_llama(look_at(tiny), 1).phases == ("prefill", "decode", "start")


def test_without_a_projector_nothing_about_images_can_be_measured(programs, blind):
    assert find_llama(look_at(blind), 1).phases == ("prefill", "decode", "streams", "start")


def test_without_programs_the_wheel_is_taken_and_said_to_be_generic(nowhere, tiny, monkeypatch):
    monkeypatch.setattr(LlamaWheel, "is_installed", staticmethod(lambda: True))
    found = find_llama(look_at(tiny), 2)
    assert isinstance(found, LlamaWheel)
    assert found.settings.threads == 2
    assert "generic build" in found.description


def test_with_neither_the_error_says_what_to_build(nowhere, tiny, monkeypatch):
    monkeypatch.setattr(LlamaWheel, "is_installed", staticmethod(lambda: False))
    with pytest.raises(InputError, match=r"llama\.cpp is not here") as error:
        find_llama(look_at(tiny), 1)
    assert "LLAMA_CPP_BIN" in error.value.hint


def test_a_model_that_llama_cpp_does_not_read_is_refused(programs, tmp_path):
    with pytest.raises(InputError, match="reads GGUF files only"):
        find_llama(look_at(write_safetensors(tmp_path / "tiny")), 1)
