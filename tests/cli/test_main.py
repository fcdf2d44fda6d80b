"""The command `osler`: verbs, exit codes and what a person reads when something fails."""

import errno
import json
import os
import subprocess
import sys
from types import ModuleType

import pytest
from typer.testing import CliRunner

from osler.cli import main as command
from osler.cli.main import VERBS, Verb, app, main
from osler.engine.sampling import Sampling
from osler.errors import InputError, OptionError
from osler.tasks.study_options import StudyOptions
from osler.versions import version_of

HEAVY = {
    "PIL",
    "gguf",
    "huggingface_hub",
    "llguidance",
    "numpy",
    "openvino",
    "pydicom",
    "safetensors",
    "sentencepiece",
    "tokenizers",
    "torch",
    "transformers",
}

SHOW_HELP = """
import sys
from osler.cli.main import main
sys.argv = ["osler", "--help"]
try:
    main()
finally:
    import json
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def loaded_by(program: str) -> tuple[set[str], str]:
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(result.stderr)), result.stdout


@pytest.fixture
def failing(monkeypatch):
    """Makes the verb `fail` raise an error."""

    def fail_with(error: BaseException) -> None:
        def fail() -> None:
            """Fail."""
            raise error

        module = ModuleType("failing_verb")
        module.fail = fail
        monkeypatch.setitem(sys.modules, "failing_verb", module)
        monkeypatch.setitem(VERBS, "fail", Verb("failing_verb:fail", "Fail."))

    monkeypatch.delenv(command.TRACEBACK_VARIABLE, raising=False)
    return fail_with


def run_main(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["osler", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_help_lists_all_verbs_and_imports_nothing_heavy():
    loaded, shown = loaded_by(SHOW_HELP)
    assert all(verb in shown for verb in VERBS)
    assert loaded & HEAVY == set()


def test_importing_osler_imports_nothing_heavy():
    loaded, _ = loaded_by("import osler, sys, json; print(json.dumps(sorted(sys.modules)), file=sys.stderr)")
    assert "osler" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_a_help_page(verb):
    result = CliRunner().invoke(app, [verb, "--help"])
    assert result.exit_code == 0
    assert f"osler {verb}" in " ".join(result.stdout.split()) or f"{verb} [OPTIONS]" in result.stdout


def test_the_version_is_printed():
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert result.stdout == f"osler {version_of('osler') or '(not installed)'}\n"


@pytest.mark.parametrize("arguments", [["nosuchverb"], ["--nosuchoption"], ["models", "pull"], ["doctor", "surplus"]])
def test_wrong_usage_ends_with_2(arguments):
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_an_error_of_oslers_is_one_message_and_a_hint_on_stderr_without_a_traceback(failing):
    failing(InputError("cannot open `a.png`: it is empty", hint="copy it again"))
    result = CliRunner().invoke(app, ["fail"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "error: cannot open `a.png`: it is empty\n\nhint: copy it again\n"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: StudyOptions(max_slices=0), "cannot use --max-slices: expected a whole number above 0"),
        (lambda: StudyOptions(mpp_um=-1), "cannot use --mpp: expected a number above 0"),
        (lambda: Sampling(top_p=3), "cannot use --top-p: expected a number above 0, at most 1"),
    ],
)
def test_an_argument_that_makes_no_sense_is_wrong_usage_of_the_option_by_its_own_name(failing, make, said):
    with pytest.raises(OptionError) as refused:
        make()
    failing(refused.value)
    result = CliRunner().invoke(app, ["fail"])
    assert result.exit_code == 2
    assert result.stderr == f"error: {said}\n"


def test_the_traceback_of_an_error_can_be_asked_for(failing, monkeypatch):
    failing(InputError("cannot open `a.png`"))
    monkeypatch.setenv(command.TRACEBACK_VARIABLE, "1")
    result = CliRunner().invoke(app, ["fail"])
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert result.stderr.endswith("error: cannot open `a.png`\n")


def test_an_interruption_is_said_and_ends_with_130(failing):
    failing(KeyboardInterrupt())
    result = CliRunner().invoke(app, ["fail"])
    assert result.exit_code == 130
    assert result.stderr == "error: interrupted\n"


def test_a_full_disk_is_no_fault_of_osler(failing, monkeypatch, capsys):
    failing(OSError(errno.ENOSPC, "No space left on device"))
    assert run_main(monkeypatch, "fail") == 1
    assert capsys.readouterr().err.startswith("error: there is no room left on the disk\n\nhint: make room")


def test_an_unforeseen_error_tells_its_kind_but_not_its_words(failing, monkeypatch, capsys):
    failing(ValueError("PatientName=Doe^Jane"))
    assert run_main(monkeypatch, "fail") == 1
    shown = capsys.readouterr().err
    assert shown.startswith("error: Osler itself failed: ValueError")
    assert command.TRACEBACK_VARIABLE in shown
    assert "Jane" not in shown


def test_the_traceback_of_an_unforeseen_error_can_be_asked_for(failing, monkeypatch, capsys):
    failing(ValueError("the words"))
    monkeypatch.setenv(command.TRACEBACK_VARIABLE, "1")
    assert run_main(monkeypatch, "fail") == 1
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback")
    assert "ValueError: the words" in shown


def test_a_file_that_the_system_refuses_is_named(failing, monkeypatch, capsys):
    failing(PermissionError(13, "Permission denied", "scan.dcm"))
    assert run_main(monkeypatch, "fail") == 1
    assert capsys.readouterr().err == "error: permission denied: `scan.dcm`\n"


@pytest.mark.parametrize("arguments", [["models"], ["models", "--json"], ["--help"]])
def test_a_reader_that_went_away_costs_no_traceback(arguments):
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "osler", *arguments],
            stdout=write_end,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(write_end)
    assert result.returncode == 1
    assert result.stderr == ""
