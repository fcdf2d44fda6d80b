"""`osler tune-medsiglip`: MedSigLIP tuned on pictures with texts or labels, and what few examples bring without."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from osler.cli.console import phases, print_data, print_json, print_note
from osler.cli.medsiglip import MedSiglipOptions, print_notes
from osler.cli.options import option, takes
from osler.cli.study import StudyChoices
from osler.cli.tune_medsiglip_options import (
    DATA,
    TRAINING,
    WHAT,
    BaseOptions,
    CurveChoices,
    DataPath,
    Json,
    Out,
    RowOptions,
    Several,
    TextOptions,
    TrainingOptions,
    scope_of,
    tuning_of,
    wanted_of,
    whole_numbers,
)
from osler.extras import needed

if TYPE_CHECKING:
    from collections.abc import Callable

    from osler.adapt.medsiglip.curve import Curve
    from osler.adapt.medsiglip.run import Talk, Tuned
    from osler.adapt.medsiglip.tuning import Tuning
    from osler.cli.console import Report

__all__ = ["app"]

TRAINING_NOW = "Training"

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Tune MedSigLIP on your own pictures with texts (contrastive) or labels (classifier), or see first how well "
    "a few labelled pictures do without any tuning (curve).",
)


@app.command()
@takes
def contrastive(
    data: DataPath,
    *,
    out: Out,
    whole_step: Annotated[
        bool, option("Contrast all pictures of a step, at the cost of a third more time.", TRAINING, "--whole-step")
    ] = False,
    words: Annotated[bool, option("Train the tower of words, too (default).", WHAT, "--words/--no-words")] = True,
    rows: RowOptions,
    texts: TextOptions,
    training: TrainingOptions,
    base: BaseOptions,
    study: StudyChoices,
    json: Json = False,
) -> None:
    """Train MedSigLIP's towers on pictures and texts that belong together.

    osler tune-medsiglip contrastive reports.csv --out tuned      (columns file, text, and patient)

    osler tune-medsiglip contrastive tissue/ --template "histopathology of {}" --out tuned
    """
    tune = _loaded()
    wanted = wanted_of(rows, texts)
    scope = scope_of(training, words=words, scales=True)
    tuning = tuning_of(data, out, wanted, scope, rows, training, base, study, epochs=2.0, rate=1e-4)
    options = tune.ContrastiveTuning(common=tuning, whole_step=whole_step)
    _run(tuning, lambda talk: tune.tune_contrastive(options, talk), only_check=training.check, json=json)


@app.command()
@takes
def classifier(
    data: DataPath,
    *,
    out: Out,
    several: Several = False,
    weighted: Annotated[
        bool, option("Let rare labels count more (default).", TRAINING, "--weighted/--unweighted")
    ] = True,
    head_only: Annotated[bool, option("Leave the tower as it is.", WHAT, "--head-only")] = False,
    rows: RowOptions,
    training: TrainingOptions,
    base: BaseOptions,
    study: StudyChoices,
    json: Json = False,
) -> None:
    """Train MedSigLIP's tower of pictures with a head for labels; `osler classify FILE --model DIR` uses it then.

    osler tune-medsiglip classifier skin/ --out tuned

    osler tune-medsiglip classifier films.csv --several --layers 4 --out tuned      (columns file, label, and patient)
    """
    tune = _loaded()
    wanted = wanted_of(rows, None, labels=True, are_several=several)
    scope = scope_of(training, words=False, scales=False)
    tuning = tuning_of(data, out, wanted, scope, rows, training, base, study, epochs=3.0, rate=5e-5)
    options = tune.ClassifierTuning(common=tuning, weighted=weighted, head_only=head_only)
    _run(tuning, lambda talk: tune.tune_classifier(options, talk), only_check=training.check, json=json)


@app.command()
@takes
def curve(
    data: DataPath,
    *,
    out: Out,
    several: Several = False,
    patients: Annotated[
        str | None, option("Whose a file is, where no column says it (as for tuning).", DATA, metavar="HOW")
    ] = None,
    drawing: CurveChoices,
    texts: TextOptions,
    study: StudyChoices,
    medsiglip: MedSiglipOptions,
    json: Json = False,
) -> None:
    """Draw how well labels are told by ever more labelled pictures, on MedSigLIP's vectors as they are.

    osler tune-medsiglip curve skin/ --out curve
    """
    _loaded()
    from osler.adapt.medsiglip.curve import CurveOptions, compute_curve, write_curve
    from osler.adapt.medsiglip.read import Wanted

    wanted = Wanted(
        labels=True,
        are_several=several,
        patients=patients,
        texts=texts.texts_by_label(),
        templates=tuple(texts.template or ("{}",)),
    )
    options = CurveOptions(
        data=data,
        out=out,
        wanted=wanted,
        sizes=whole_numbers(drawing.sizes),
        seeds=drawing.seeds,
        learners=tuple(drawing.learner or ("logistic", "mlp")),
        held_out=drawing.test,
        study=study.options(),
    )
    opened = medsiglip.open()
    with phases() as report:
        opened.progress = report
        found = compute_curve(opened, options, progress=report)
    written = write_curve(found, out)
    print_notes(found.notes)
    if json:
        print_json({**found.to_dict(), "files": [str(path) for path in written]})
    else:
        _print_curve(found)
        print_note(f"written: {', '.join(map(str, written))}", style="dim")
    print_note(found.notice, style="bold")


def _loaded() -> Any:
    """The modules that need torch.

    Raises:
        MissingExtraError: it is not installed.
    """
    needed("torch", "tune MedSigLIP", "adapt")
    from osler.adapt.medsiglip import tune

    return tune


def _run(tuning: "Tuning", tune: "Callable[[Talk], Tuned]", *, only_check: bool, json: bool) -> None:
    """Tune and say what came of it, or only look at the data."""
    if only_check:
        _check(tuning, json=json)
        return
    with phases() as report:
        tuned = tune(_talk(report))
    _print_tuned(tuned, json=json)


def _talk(report: "Report") -> "Talk":
    """Lines on stderr, and one bar for reading pictures and for training."""
    from osler.adapt.medsiglip.run import Talk

    return Talk(
        say=lambda line: print_note(line, style="dim"),
        preparing=report,
        training=lambda now: report(TRAINING_NOW, now.step, now.steps),
    )


def _check(tuning: "Tuning", *, json: bool) -> None:
    """Read, divide and prepare, and say what there is."""
    from osler.adapt.medsiglip.material import gather_material
    from osler.weights.medsiglip import MedSiglipCheckpoint

    with phases() as report:
        checkpoint = MedSiglipCheckpoint(tuning.model)
        material = gather_material(tuning, checkpoint, progress=report)
    print_notes(material.notes)
    found = {
        "rows": len(material.pairs.rows),
        "pictures": material.counts(),
        "labels": list(material.pairs.labels),
        "grouped_by": material.pairs.grouped_by,
    }
    if json:
        print_json(found)
        return
    counts = ", ".join(f"{name} {count:,}" for name, count in material.counts().items())
    told = " and ".join(f"{how} ({count:,} rows)" for how, count in material.pairs.grouped_by.items())
    print_data(f"{len(material.pairs.rows):,} rows can be used; pictures: {counts}; kept together by {told}")


def _print_tuned(tuned: "Tuned", *, json: bool) -> None:
    from dataclasses import asdict

    print_notes(tuned.notes)
    if json:
        print_json(asdict(tuned))
    elif tuned.outcome.ended == "interrupted":
        print_note(f"interrupted after step {tuned.outcome.step}: the same command goes on from there", style="yellow")
    else:
        _print_figures(tuned)
    if tuned.outcome.ended == "interrupted":
        raise typer.Exit(130)


def _print_figures(tuned: "Tuned") -> None:
    """Before and after, on pictures that were not learnt from."""
    from rich import box
    from rich.table import Table

    if tuned.measured_on:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for title in (f"ON {tuned.measured_on.upper()}", "BEFORE", "AFTER"):
            table.add_column(title)
        for name, after in tuned.after.items():
            table.add_row(name, figure_words(tuned.before[name]), figure_words(after))
        print_data(table)
    step = tuned.outcome.step if tuned.outcome.best_step is None else tuned.outcome.best_step
    if step == 0:
        print_notes(["no step did better on the validation part than the model as it was: that is what was written"])
    print_note(f"written: {tuned.out} (the weights of step {step}), {tuned.out}/osler.json", style="dim")


def _print_curve(found: "Curve") -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    names = list(found.points[0].figures)
    for title in ("LEARNER", "OF EACH LABEL", *(name.upper() for name in names)):
        table.add_column(title)
    if found.zero_shot:
        table.add_row("zero-shot", "0", *(figure_words(found.zero_shot[name]) for name in names))
    for point in found.points:
        table.add_row(point.learner, f"{point.size:,}", *(figure_words(point.figures[name]) for name in names))
    print_data(table)


def figure_words(figure: dict[str, float | None]) -> str:
    """A figure with its interval.

    >>> figure_words({"value": 0.9, "low": 0.85, "high": 0.95})
    '0.900 (0.850 to 0.950)'
    """
    if figure["value"] is None:
        return "not defined"
    if figure["low"] is None or figure["high"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
