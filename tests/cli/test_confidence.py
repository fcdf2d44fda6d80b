"""What `--confidence` and `--options` mean before anything is computed."""

import pytest
import typer

from osler.cli.confidence import ConfidenceOptions
from osler.errors import InputError


def test_options_imply_confidence_and_are_parted_by_commas():
    chosen = ConfidenceOptions(options="effusion, no effusion ,other")
    assert chosen.is_asked
    assert chosen.named == ["effusion", "no effusion", "other"]


def test_without_either_nothing_is_checked_measured_or_printed(capsys):
    chosen = ConfidenceOptions()
    chosen.check("Describe it.", thinking=True)
    assert chosen.measured(None, None, "Describe it.") == {}
    chosen.write(None, None, "Describe it.")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("options", ["one", "yes,,no", "a,A"])
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(InputError, match="options"):
        ConfidenceOptions(options=options).check("Which?", thinking=False)


def test_thinking_is_a_wrong_use():
    with pytest.raises(typer.BadParameter, match="--think"):
        ConfidenceOptions(confidence=True).check("Is it there?", thinking=True)
