"""`osler tune-medsiglip`: MedSigLIP tuned on pictures with texts or labels, and what few examples bring without."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from osler.cli.classify import read_texts
from osler.cli.console import phases, print_data, print_json, print_note
from osler.cli.medsiglip import MedSiglipOptions, print_notes
from osler.cli.options import option, takes
from osler.cli.study import StudyChoices
from osler.errors import MissingExtraError

if TYPE_CHECKING:
    from osler.adapt.medsiglip.curve import Curve
    from osler.adapt.medsiglip.network import Scope
    from osler.adapt.medsiglip.read import Wanted
    from osler.adapt.medsiglip.run import Talk, Tuned
    from osler.adapt.medsiglip.tuning import Tuning
    from osler.cli.console import Report

__all__ = ["app"]

DATA, TRAINING, WHAT, MACHINE, MODEL = "Data", "Training", "What is trained", "Machine", "MedSigLIP"

TRAINING_NOW = "Training"

DataPath = Annotated[
    Path,
    typer.Argument(
        metavar="DATA", help="A table of files (.csv, .jsonl, …), or a folder with a folder of files for each label."
    ),
]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where everything goes; a run goes on there.")]
Several = Annotated[
    bool, option("Several labels may hold of one picture, or none: `Effusion|Mass` in a table.", DATA, "--several")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Tune MedSigLIP on your own pictures with texts (contrastive) or labels (classifier), or see first how well "
    "a few labelled pictures do without any tuning (curve).",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOptions:
    """How rows are read."""

    patients: Annotated[
        str | None,
        option(
            "Whose a file is, where no column says it: folder, file, a regular expression for the path with one group, "
            "or a .csv with file and patient.",
            DATA,
            metavar="HOW",
        ),
    ] = None
    test: Annotated[float, option("Share of patients kept for the end.", DATA, min=0.0, max=0.9)] = 0.1
    group_duplicates: Annotated[
        bool,
        option("Put pictures that look the same into one part, instead of refusing them.", DATA, "--group-duplicates"),
    ] = False
    allow_duplicates: Annotated[
        bool, option("Do not look for pictures that look the same.", DATA, "--allow-duplicates")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """Texts for labels."""

    texts: Annotated[
        Path | None, option('JSON: {"label": ["text", …]}, for labels without texts.', DATA, metavar="FILE")
    ] = None
    template: Annotated[
        list[str] | None,
        option("A text in which {} is the label (may be repeated).", DATA, metavar="'a photo of {}'"),
    ] = None

    def texts_by_label(self) -> dict[str, Any] | None:
        """Texts, where a file with them was named."""
        return read_texts(self.texts) if self.texts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """The numbers of a training, and where it computes."""

    validation: Annotated[float, option("Share of patients watched meanwhile.", DATA, min=0.0, max=0.9)] = 0.1
    check: Annotated[bool, option("Look at all of the data, and train nothing.", DATA, "--check")] = False
    epochs: Annotated[
        float | None, option("How often each picture is looked at (2; classifier 3).", TRAINING, min=0.001)
    ] = None
    learning_rate: Annotated[float | None, option("The highest (1e-4; classifier 5e-5).", TRAINING)] = None
    batch: Annotated[int, option("Pictures at once (8).", TRAINING, min=1)] = 8
    accumulate: Annotated[int, option("Batches a step (8).", TRAINING, min=1)] = 8
    weight_decay: Annotated[float, option("Of matrices (0.01).", TRAINING, min=0.0)] = 0.01
    warmup: Annotated[int, option("Steps until the highest learning rate (5).", TRAINING, min=0)] = 5
    evaluations: Annotated[int, option("Looks at the validation part (10).", TRAINING, min=0)] = 10
    patience: Annotated[int, option("Stop after so many looks without a lower loss (0: never).", TRAINING, min=0)] = 0
    seed: Annotated[int, option("Of all that is drawn (7).", TRAINING)] = 7
    layers: Annotated[
        int | None, option("Train only so many layers from the end, and what is behind them.", WHAT, min=0)
    ] = None
    lora: Annotated[
        int, option("Train low-rank terms of this rank instead; they are added in at the end.", WHAT, min=0)
    ] = 0
    device: Annotated[str | None, option("cpu or cuda (default: a GPU where there is one).", MACHINE)] = None
    numbers: Annotated[
        Literal["auto", "bf16", "f32"], option("What is multiplied (default: as the machine can).", MACHINE)
    ] = "auto"
    recompute: Annotated[
        bool | None,
        option("Compute layers twice to save memory (default: where need be).", MACHINE, "--recompute/--no-recompute"),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseOptions:
    """Which MedSigLIP, and how pictures reach it."""

    model: Annotated[
        str | None,
        option("Its folder (else as for `osler classify`).", MODEL, "--model", "-m", metavar="PATH"),
    ] = None
    resizing: Annotated[
        Literal["training", "averaging"], option("As for `osler classify`; ask the tuned model alike.", MODEL)
    ] = "training"
    no_pad: Annotated[bool, option("Stretch pictures to a square instead of padding them.", MODEL, "--no-pad")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveChoices:
    """Which points a curve has."""

    test: Annotated[float, option("Share of patients that is only measured on (0.3).", DATA, min=0.01, max=0.99)] = 0.3
    sizes: Annotated[
        str, option("Labelled pictures of each label (default: 1, 2, 4, … all).", TRAINING, metavar="1,10,100")
    ] = ""
    seeds: Annotated[int, option("How many draws of examples (5).", TRAINING, min=1)] = 5
    learner: Annotated[list[str] | None, option("logistic, mlp (default: both; may be repeated).", TRAINING)] = None


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
    wanted = _wanted(rows, texts)
    scope = _scope(training, words=words)
    tuning = _tuning(data, out, wanted, scope, rows, training, base, study, epochs=2.0, rate=1e-4)
    if training.check:
        _check(tuning, json=json)
        return
    with phases() as report:
        options = tune.ContrastiveTuning(common=tuning, whole_step=whole_step)
        tuned = tune.tune_contrastive(options, _talk(report))
    _print_tuned(tuned, json=json)


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
    wanted = _wanted(rows, None, labels=True, are_several=several)
    scope = _scope(training, words=False)
    tuning = _tuning(data, out, wanted, scope, rows, training, base, study, epochs=3.0, rate=5e-5)
    if training.check:
        _check(tuning, json=json)
        return
    with phases() as report:
        options = tune.ClassifierTuning(common=tuning, weighted=weighted, head_only=head_only)
        tuned = tune.tune_classifier(options, _talk(report))
    _print_tuned(tuned, json=json)


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
        sizes=_whole_numbers(drawing.sizes),
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
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "cannot tune MedSigLIP: torch is not installed", hint="pip install 'osler[adapt]'"
        ) from error
    from osler.adapt.medsiglip import tune

    return tune


def _whole_numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise typer.BadParameter("expected whole numbers, parted by commas", param_hint="--sizes") from None


def _wanted(
    rows: RowOptions, texts: TextOptions | None, *, labels: bool = False, are_several: bool = False
) -> "Wanted":
    from osler.adapt.medsiglip.read import Wanted

    return Wanted(
        patients=rows.patients,
        texts=texts.texts_by_label() if texts else None,
        templates=tuple((texts.template if texts else None) or ("{}",)),
        labels=labels,
        are_several=are_several,
    )


def _scope(training: TrainingOptions, *, words: bool) -> "Scope":
    from osler.adapt.medsiglip.network import Scope

    return Scope(words=words, layers=training.layers, lora=training.lora, scales=words)


def _tuning(
    data: Path,
    out: Path,
    wanted: "Wanted",
    scope: "Scope",
    rows: RowOptions,
    training: TrainingOptions,
    base: BaseOptions,
    study: StudyChoices,
    *,
    epochs: float,
    rate: float,
) -> "Tuning":
    from osler.adapt.medsiglip.tuning import Tuning
    from osler.tasks.medsiglip import medsiglip_folder

    return Tuning(
        data=data,
        model=medsiglip_folder(base.model),
        out=out,
        wanted=wanted,
        scope=scope,
        learning_rate=training.learning_rate if training.learning_rate is not None else rate,
        warmup=training.warmup,
        epochs=training.epochs if training.epochs is not None else epochs,
        batch=training.batch,
        parts=training.accumulate,
        decay=training.weight_decay,
        held_out=(training.validation, rows.test),
        evaluations=training.evaluations,
        patience=training.patience,
        seed=training.seed,
        device=training.device,
        precision=training.numbers,
        saves_memory=training.recompute,
        resizing=base.resizing,
        pad=not base.no_pad,
        study=study.options(),
        duplicates="allow" if rows.allow_duplicates else "group" if rows.group_duplicates else "refuse",
    )


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
        raise typer.Exit(1)


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
