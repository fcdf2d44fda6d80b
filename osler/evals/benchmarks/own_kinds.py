"""What a user's row becomes, for each kind of what is right: one sample, or one for each label or thing to be found."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from osler.evals.benchmarks.boxes import EDGES, box, picture_facts
from osler.evals.benchmarks.choices import lettered, options_of
from osler.evals.benchmarks.lines import Line
from osler.evals.benchmarks.own_rows import Kind, common
from osler.evals.sample import Option, Sample, Seen
from osler.tasks.own_data import LABEL_QUESTION, YES_NO

__all__ = ["MAKERS"]


def _seen(shared: Mapping[str, Any]) -> tuple[Seen, ...]:
    """All files of a row are one study: slices of a volume, films of a patient."""
    return (Seen(files=shared["files"]),) if shared["files"] else ()


def _sample(shared: Mapping[str, Any], text: str, reference: Any, *, of: str = "", **more: Any) -> Sample:
    """A sample of a row; `of` tells it from others of the same row, which are drawn together in a bootstrap."""
    name = f"{shared['id']}/{of}" if of else shared["id"]
    cluster = shared["cluster"] or (shared["id"] if of else "")
    groups = {**shared["groups"], **more.pop("groups", {})}
    return Sample(id=name, text=text, reference=reference, seen=_seen(shared), cluster=cluster, groups=groups, **more)


def choice(line: Line, table: Path) -> Iterable[Sample]:
    """A multiple-choice question; the answer is a letter, or an option's text."""
    options = _options(line)
    answer = line.text("answer").strip()
    letters = [letter for letter, text in options if answer in (letter, text.strip())]
    if len(letters) != 1:
        raise line.wrong("expected `answer` to be the letter of one option, or the text of one")
    yield _sample(common(line, table), line.text("question").strip(), letters[0], options=options)


def _options(line: Line) -> tuple[Option, ...]:
    """Options as a list or an object; in tables without lists (CSV) as one text, with | between them."""
    given = line.value("options")
    if isinstance(given, str):
        texts = [text.strip() for text in given.split("|")]
        if len(texts) < 2 or not all(texts):
            raise line.wrong("expected at least two texts in `options`, with | between them")
        return lettered(texts)
    return options_of(line)


def free_text(line: Line, table: Path) -> Iterable[Sample]:
    """A question with a short answer in words, or several of which any is right."""
    answer = line.value("answer")
    if isinstance(answer, list):
        if not answer or not all(isinstance(text, str) and text.strip() for text in answer):
            raise line.wrong("expected texts in the list `answer`")
        reference: Any = [text.strip() for text in answer]
    else:
        reference = line.text("answer").strip()
    word = str(reference).lower().rstrip(".")
    facts = {"word": word} if word in ("yes", "no") else {}
    yield _sample(common(line, table), line.text("question").strip(), reference, facts=facts)


def labels(line: Line, table: Path) -> Iterable[Sample]:
    """One question for each label that is yes or no; `null` is not asked. `{label}` in the question is its name."""
    given = line.value("labels")
    if not isinstance(given, dict) or not given:
        raise line.wrong('expected an object such as {"pneumonia": "yes", "effusion": "no"} in `labels`')
    question = line.optional("question", LABEL_QUESTION)
    if "{label}" not in question and len(given) > 1:
        raise line.wrong("expected `{label}` in `question`, because there are several labels")
    shared = common(line, table)
    for name, value in given.items():
        word = YES_NO.get(str(value).strip().lower())
        if value is not None and word is None:
            raise line.wrong(f"expected yes, no or null for the label `{name}`")
        if word is not None:
            yield _sample(shared, question.replace("{label}", name), word, of=name, groups={"condition": name})


def boxes(line: Line, table: Path) -> Iterable[Sample]:
    """One question for each thing: where is it? All boxes of one label are what is right for it."""
    shared = common(line, table)
    if len(shared["files"]) != 1:
        raise line.wrong("expected one picture in `file`, because boxes count its pixels")
    facts = picture_facts(shared["files"][0])
    question = line.optional("question", "Where is the {label}?")
    by_label: dict[str, list[dict[str, Any]]] = {}
    for one in _boxes(line, facts):
        by_label.setdefault(one["label"], []).append(one)
    for label, some in by_label.items():
        groups = {"label": label}
        yield _sample(shared, question.replace("{label}", label), some, of=label, groups=groups, facts=facts)


def _boxes(line: Line, facts: Mapping[str, int]) -> Iterable[dict[str, Any]]:
    given = line.value("boxes")
    if not isinstance(given, list) or not given:
        raise line.wrong('expected a list such as [{"label": "heart", "box": [x0, y0, x1, y1]}] in `boxes`')
    for one in given:
        label = one.get("label") if isinstance(one, dict) else None
        edges = one.get("box") if isinstance(one, dict) else None
        if not isinstance(label, str) or not label.strip() or not _are_edges(edges, facts):
            raise line.wrong(
                "expected each of `boxes` to have a `label` and a `box` [x0, y0, x1, y1] in pixels inside the picture, "
                "x0 below x1 and y0 below y1"
            )
        yield box(label.strip(), **dict(zip(EDGES, map(float, edges or ()), strict=True)))


def _are_edges(edges: Any, facts: Mapping[str, int]) -> bool:
    if not isinstance(edges, list) or len(edges) != 4:
        return False
    if not all(isinstance(edge, int | float) and not isinstance(edge, bool) for edge in edges):
        return False
    x0, y0, x1, y1 = edges
    return bool(0 <= x0 < x1 <= facts["width_px"] and 0 <= y0 < y1 <= facts["height_px"])


def json_value(line: Line, table: Path) -> Iterable[Sample]:
    """A question whose answer is a JSON object or list, held to `schema` where there is one."""
    given, schema = line.value("json"), line.values.get("schema")
    if not isinstance(given, dict | list):
        raise line.wrong("expected an object or a list in `json`")
    if not isinstance(schema, dict | None):
        raise line.wrong("expected a JSON Schema in `schema`")
    facts = {"schema": schema} if schema else {}
    yield _sample(common(line, table), line.text("question").strip(), given, facts=facts)


MAKERS: Mapping[Kind, Callable[[Line, Path], Iterable[Sample]]] = {
    "options": choice,
    "answer": free_text,
    "labels": labels,
    "boxes": boxes,
    "json": json_value,
}
