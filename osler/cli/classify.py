"""`osler classify`: how well labels fit pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osler.cli.console import phases, print_data, print_json, print_note
from osler.cli.medsiglip import EACH_HELP, MedSiglipOptions, opened_index, print_notes
from osler.cli.options import takes
from osler.cli.sources import FILES_HELP
from osler.cli.study import StudyChoices
from osler.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from osler.tasks.classify import Classification, LabelScore

__all__ = ["classify"]

MOST_BYTES = 1 << 20


@takes
def classify(
    *,
    files: Annotated[list[str], typer.Argument(metavar="FILE", help=FILES_HELP, show_default=False)],
    labels: Annotated[
        str | None, typer.Option(help="Labels, parted by commas; each is its own text.", metavar="'A, B'")
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(help='JSON: {"label": ["text", …]}; several texts a label are averaged.', metavar="FILE"),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option(help="A text in which {} is the label (may be repeated: averaged).", metavar="'a photo of {}'"),
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option(help="Learn the labels from a folder with a folder of pictures for each.", metavar="DIR"),
    ] = None,
    patients: Annotated[
        str | None,
        typer.Option(
            help="Whose an example is, so that the probe is scored on patients that it has not seen: folder (below the "
            "label's), file, a regular expression for the path with one group such as '(\\d+)_', or a .csv with the "
            "columns file and patient (default: DICOM's Patient ID, else the folder, else the file).",
            metavar="HOW",
            show_default=False,
        ),
    ] = None,
    each: Annotated[bool, typer.Option("--each", help=EACH_HELP)] = False,
    study: StudyChoices,
    medsiglip: MedSiglipOptions,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how well each label fits each picture, by MedSigLIP: without training, or from labelled examples.

    osler classify skin.jpg --labels "a skin lesion with melanoma, a benign naevus"

    osler classify film.dcm --texts findings.json --json

    osler classify new.jpg --examples labelled/

    osler classify new.jpg --model TUNED      (by `osler tune-medsiglip classifier`: its own labels)
    """
    given = [name for name, value in (("labels", labels), ("texts", texts), ("examples", examples)) if value]
    if len(given) != 1 and not (not given and medsiglip.has_head()):
        raise typer.BadParameter("expected one of --labels, --texts and --examples", param_hint="--labels")
    if patients is not None and examples is None:
        raise typer.BadParameter("goes with --examples", param_hint="--patients")
    wanted: Any = read_texts(texts) if texts else [label.strip() for label in labels.split(",")] if labels else None
    opened, chosen = medsiglip.open(), study.options()
    with phases() as report:
        opened.progress = report
        if examples:
            wanted = opened_index(str(examples), opened, None).learn(patients)
        found = opened.classify(list(files), wanted, templates=template or ("{}",), study=chosen, each=each)
    print_notes(found.notes)
    if json:
        print_json(found.to_dict())
    else:
        print_table(found)
    print_note(found.notice, style="bold")


def read_texts(path: Path) -> dict[str, Any]:
    """Texts by label.

    Raises:
        InputError: the file cannot be read, or is no JSON object.
    """
    import json

    try:
        with path.open("rb") as stream:
            values = json.loads(stream.read(MOST_BYTES))
    except OSError as error:
        raise InputError(f"cannot open `{path}`: {error.strerror or type(error).__name__}") from None
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise InputError(f'cannot read `{path}`: expected JSON such as {{"melanoma": ["a melanoma"]}}')
    return values


def print_table(found: "Classification") -> None:
    """A table of all pictures, the best label first, and below it what the numbers are."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("PICTURE")
    table.add_column("LABEL")
    for title in ("SOFTMAX", "SIGMOID", "COSINE"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in found.pictures:
        for place, score in enumerate(one.scores):
            table.add_row("" if place else one.picture.name, *cells_of(score))
    print_data(table)
    print_note(found.meaning, style="dim")
    if found.probe is not None:
        print_note(probe_words(found.probe), style="dim")


def probe_words(probe: "Mapping[str, Any]") -> str:
    """How well a probe did, and on whom."""
    auc = "" if probe["auc"] is None else f", AUC {probe['auc']:.3f}"
    by = " and ".join(f"{how} ({count:,} files)" for how, count in probe["grouped_by"].items())
    words = (
        f"probe: {sum(probe['num_examples'].values()):,} examples, on unseen ones accuracy {probe['accuracy']:.3f} "
        f"(balanced {probe['balanced_accuracy']:.3f}, chance {probe['chance']:.3f}){auc}; {probe['folds']} folds of "
        f"{probe['num_groups']:,} groups, told by {by}"
    )
    flattered = "; several pictures of one patient flatter it: --patients says whose each is"
    return words if probe["are_patients_apart"] else words + flattered


def cells_of(score: "LabelScore") -> list[str]:
    """A label's numbers."""
    numbers = ((score.softmax, ".3f"), (score.sigmoid, ".2g"), (score.cosine, ".3f"))
    return [score.label, *("" if value is None else format(value, form) for value, form in numbers)]
