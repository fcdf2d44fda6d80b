"""A user's own data, without code: multiple choice, short answers, yes or no, labels, boxes, JSON, folders of classes.

Rows stand in JSON lines (or JSON, CSV, TSV, Parquet); see docs/own-data.md. What the rows say is right decides how they
are asked, read and measured, so `BENCHMARK.fit` gives a benchmark of its own for each folder.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from osler.errors import InputError
from osler.evals.benchmark import Benchmark, Cost, Prompt, no_baselines
from osler.evals.benchmarks.choices import always_one_letter
from osler.evals.benchmarks.findings import always
from osler.evals.benchmarks.own_asks import BOX_PROMPTS, CHOICE_PROMPTS, JSON_PROMPTS, TEXT_PROMPTS, WORD_PROMPTS
from osler.evals.benchmarks.own_classes import class_samples
from osler.evals.benchmarks.own_kinds import MAKERS
from osler.evals.benchmarks.own_rows import HELP, Kind, rows_of, samples_of
from osler.evals.benchmarks.samples import distinct
from osler.evals.metric import Metric
from osler.evals.metrics.accuracy import Accuracy
from osler.evals.metrics.closed import ClosedAccuracy
from osler.evals.metrics.iou import BoxF1, MeanIou, ShareWithoutBox
from osler.evals.metrics.json_fields import JsonF1
from osler.evals.metrics.macro_f1 import MacroF1
from osler.evals.metrics.recall import MacroRecall
from osler.evals.metrics.token_f1 import TokenF1
from osler.evals.parser import Parser
from osler.evals.parsers import boxes, choice, free_text, json_value, yes_no
from osler.evals.sample import Sample
from osler.tasks.own_data import classes_of, table_of

__all__ = ["BENCHMARK", "fit", "read"]


Baselines = Callable[[Sequence[Sample]], Mapping[str, Sequence[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How one kind of rows is asked, read and measured."""

    title: str
    prompts: tuple[Prompt, ...]
    parsers: tuple[Parser, ...]
    metrics: tuple[Metric, ...]
    baselines: Baselines = no_baselines


CHOICE = Form(
    title="multiple choice",
    prompts=CHOICE_PROMPTS,
    parsers=(choice.LENIENT, choice.STRICT, choice.LIKELIHOOD),
    metrics=(Accuracy(),),
    baselines=always_one_letter,
)
TEXT = Form(
    title="short answers",
    prompts=TEXT_PROMPTS,
    parsers=(free_text.LENIENT, free_text.STRICT),
    metrics=(TokenF1(), TokenF1(variant="set"), ClosedAccuracy()),
)
WORDS = Form(
    title="yes or no",
    prompts=WORD_PROMPTS,
    parsers=(yes_no.LENIENT, yes_no.STRICT, yes_no.LIKELIHOOD),
    metrics=(Accuracy(), MacroRecall()),
    baselines=always,
)
LABELS = replace(
    WORDS,
    title="labels",
    metrics=(MacroF1(conditions=()), Accuracy(), MacroRecall(column="condition")),
)
BOXES = Form(
    title="boxes",
    prompts=BOX_PROMPTS,
    parsers=(boxes.PARSER,),
    metrics=(MeanIou(), MeanIou(over="label"), BoxF1(), ShareWithoutBox()),
)
JSONS = Form(title="JSON", prompts=JSON_PROMPTS, parsers=(json_value.LENIENT, json_value.STRICT), metrics=(JsonF1(),))
FORMS: Mapping[Kind, Form] = {"options": CHOICE, "answer": TEXT, "labels": LABELS, "boxes": BOXES, "json": JSONS}


def read(place: Path) -> list[Sample]:
    """The samples of a file of rows, of a folder with one, or of a folder of classes.

    Raises:
        InputError: there is nothing of that sort, or rows cannot be used: each is named.
    """
    return _loaded(place)[1]


def fit(place: Path) -> Benchmark:
    """The benchmark of a user's data.

    Raises:
        InputError: as `read`.
    """
    form, samples = _loaded(place)
    columns = dict.fromkeys(column for sample in samples for column in sample.groups)
    return replace(
        BENCHMARK,
        title=f"Own data `{place.resolve().name}`: {form.title}",
        cost=_cost(samples),
        prompts=form.prompts,
        parsers=form.parsers,
        metrics=form.metrics,
        groups=tuple(columns),
        baselines=form.baselines,
        fit=None,
    )


def _loaded(place: Path) -> tuple[Form, list[Sample]]:
    """What there is, and how it is asked, read and measured."""
    table = table_of(place)
    if table is None:
        return CHOICE, class_samples(place, _classes(place))
    kind, lines = rows_of(table)
    samples = distinct(samples_of(lines, kind, lambda line: MAKERS[kind](line, table)), "own")
    if kind == "answer" and _are_words(samples):
        return WORDS, [replace(sample, reference=sample.facts["word"]) for sample in samples]
    return FORMS[kind], samples


def _classes(place: Path) -> dict[str, list[Path]]:
    classes = classes_of(place)
    if len(classes) < 2:
        raise InputError(
            f"cannot use `{place.resolve().name}`: expected a table of rows such as samples.jsonl, or two or more "
            "folders that are classes, with files in them",
            hint=HELP,
        )
    return classes


def _are_words(samples: Sequence[Sample]) -> bool:
    return all("word" in sample.facts for sample in samples)


def _cost(samples: Sequence[Sample]) -> Cost:
    """Counted calls and files; how many images a file gives is not known before it is read."""
    files = [path for sample in samples for seen in sample.seen for path in seen.files]
    words = sum(len(sample.text) for sample in samples) / len(samples) / 4
    return Cost(
        calls=len(samples),
        images_a_call=len(files) / len(samples),
        text_tokens_a_call=words + 80,
        images=len(set(files)),
    )


BENCHMARK = Benchmark(
    name="own",
    version=1,
    title="Your own data",
    level="own",
    licence="yours",
    source="your own files; docs/own-data.md",
    layout=(
        "samples.jsonl (or .json, .csv, .tsv, .parquet) with file(s), question and one of:",
        "  answer | options and answer | labels | boxes | json",
        "or two or more folders that are classes, with pictures or films in them",
    ),
    size="any",
    cost=Cost(calls=0),
    read=read,
    prompts=CHOICE.prompts,
    parsers=CHOICE.parsers,
    metrics=CHOICE.metrics,
    is_restricted=True,
    fit=fit,
)
