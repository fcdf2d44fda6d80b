"""The options by which a person chooses what of a study is seen."""

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from osler.cli.options import takes
from osler.cli.study import StudyChoices
from osler.errors import InputError
from osler.tasks.study_options import StudyOptions


def invoke(*arguments: str) -> tuple[int, StudyOptions | None, str]:
    chosen = []

    @takes
    def verb(file: Annotated[str, typer.Argument()], *, study: StudyChoices) -> None:
        """Take a file."""
        chosen.append(study.options())

    app = typer.Typer()
    app.command()(verb)
    result = CliRunner().invoke(app, ["a.dcm", *arguments], env={"COLUMNS": "200", "TERM": "dumb"})
    return result.exit_code, chosen[0] if chosen else None, result.output


def test_without_options_the_recipes_choose():
    assert invoke()[1] == StudyOptions()


def test_every_option_reaches_the_recipes():
    _, chosen, _ = invoke(
        *("--series", "3", "--series", "5.2", "--modality", "MR", "--plane", "coronal", "--slices", "40-80"),
        *("--max-slices", "20", "--sampling", "equidistant", "--window", "-600,1500", "--patches", "0,0;896,1792"),
        *("--magnification", "20", "--mpp", "0.25", "--max-patches", "9", "--patch-seed", "7", "--pages", "2-3"),
        *("--dpi", "200", "--tiles", "2x3", "--instruction", "", "--recipe", "1", "--fit", "--allow-phi"),
    )
    assert chosen == StudyOptions(
        series=("3", "5.2"),
        modality="MR",
        plane="coronal",
        slices=(40, 80),
        max_slices=20,
        sampling="equidistant",
        window=(-600.0, 1500.0),
        patches=((0, 0), (896, 1792)),
        magnification=20.0,
        mpp_um=0.25,
        max_patches=9,
        seed=7,
        pages=(2, 3),
        dpi=200.0,
        tiles=(2, 3),
        instruction="",
        recipe="1",
        fit=True,
        allow_phi=True,
    )


def test_one_number_is_a_span_of_one():
    assert invoke("--slices", "7")[1].slices == (7, 7)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--slices", "a-b"),
        ("--slices", "-5"),
        ("--pages", "1-2-3"),
        ("--window", "40"),
        ("--window", "soft"),
        ("--patches", "0;0"),
        ("--tiles", "2"),
        ("--plane", "oblique"),
        ("--max-slices", "0"),
    ],
)
def test_what_is_not_of_its_form_is_wrong_usage(option, value):
    code, chosen, output = invoke(option, value)
    assert (code, chosen) == (2, None)
    assert option in output


@pytest.mark.parametrize(
    "choice",
    [
        {"slices": (9, 3)},
        {"slices": (0, 3)},
        {"slices": (1.5, 3)},
        {"pages": (3,)},
        {"window": (40.0, 0.0)},
        {"window": (float("nan"), 80.0)},
        {"plane": "oblique"},
        {"recipe": "2"},
        {"sampling": "random"},
        {"modality": "PT"},
        {"max_slices": 0},
        {"magnification": -10.0},
        {"mpp_um": 0},
        {"dpi": float("inf")},
        {"tiles": (0, 2)},
        {"patches": ((-1, 0),)},
        {"series": "3"},
        {"series": (3,)},
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(choice):
    (name,) = choice
    with pytest.raises(InputError, match=name):
        StudyOptions(**choice)
