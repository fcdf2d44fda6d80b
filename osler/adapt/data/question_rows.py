"""Rows of a question, its files and what is right: the columns of `osler eval own`.

==================  ============================================  =======================================
what a row has      what is asked                                 what is learned
==================  ============================================  =======================================
answer              the question                                  the answer; of a list the first
options and answer  the question, "Answer Choices: (A) … (B) …"   the option's text
labels              a question for each label                     yes or no
json                the question                                  the value as JSON
==================  ============================================  =======================================
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from osler.adapt.data.fields import SHARED, check_answer, group_of, learn_of, part_of, refuse_path
from osler.adapt.data.row import Row
from osler.formats.lines import Line
from osler.tasks.lettered import lettered, with_choices
from osler.tasks.own_data import CLASS_QUESTION, LABEL_QUESTION, YES_NO, check_fields, decoded, files_of

__all__ = ["asked_of_classes", "question_messages_of", "question_rows"]

OBJECTS = ("files", "options", "labels", "json", "schema", "groups")
FIELDS = ("file", "files", "question", "answer", "options", "labels", "json", "schema", *SHARED)
KINDS = ("options", "answer", "labels", "json")


def question_rows(line: Line, folder: Path, *, question: str | None, classes: tuple[str, ...]) -> Sequence[Row]:
    """The rows of a line: one, or one for each label.

    Args:
        folder: that paths are relative to.
        question: what is asked where the line has no question.
        classes: what answers may be; () for whatever they are.

    Raises:
        LineError: the line cannot be used.
    """
    line = decoded(line, OBJECTS)
    if line.values.get("boxes") is not None:
        raise line.wrong("rows with `boxes` are not read for tuning; write what is learned into `answer`")
    check_fields(line, FIELDS)
    files = files_of(line, folder)
    for field in ("question", "answer"):
        refuse_path(line, field, line.values.get(field), folder)
    kind = _kind(line)
    if kind == "labels":
        return _of_labels(line, files, question)
    asked = line.optional("question") or (question or "").replace("{classes}", ", ".join(classes))
    options = _options(line) if kind == "options" else ()
    if not asked and classes and not options:
        asked, options = CLASS_QUESTION, classes
    if not asked:
        line.text("question")  # says that it is missing
    answer = _answer(line, kind, options)
    label = check_answer(line, answer, classes) or (answer if options else None)
    return (_row(line, files, asked, answer, options=options, label=label),)


def question_messages_of(
    files: Sequence[Path], question: str, answer: str, options: Sequence[str] = ()
) -> tuple[Mapping[str, Any], ...]:
    """Question and answer as messages; several files make one study, as in `Model.ask`."""
    text = {"type": "text", "text": with_choices(question, lettered(options))}
    paths = [str(path) for path in files]
    images = [{"type": "image", "image": paths if len(paths) > 1 else paths[0]}] if paths else []
    return ({"role": "user", "content": [*images, text]}, {"role": "assistant", "content": answer})


def asked_of_classes(question: str | None, classes: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """What is asked of files in folders of classes, and the choices that go with it: none with words of one's own."""
    if question is None:
        return CLASS_QUESTION, tuple(classes)
    return question.replace("{classes}", ", ".join(classes)), ()


def _row(line: Line, files: tuple[Path, ...], question: str, answer: str, **more: Any) -> Row:
    return Row(
        number=line.number,
        where=line.where.rsplit(", ", 1)[-1],
        messages=question_messages_of(files, question, answer, more.get("options", ())),
        files=files,
        group=group_of(line),
        part=part_of(line),
        learn=learn_of(line),
        question=question,
        **more,
    )


def _kind(line: Line) -> str:
    given = [kind for kind in KINDS if line.values.get(kind) not in (None, "")]
    if given[:2] == ["options", "answer"]:
        given.remove("answer")
    if not given and "answer" in line.values:
        raise line.wrong("its answer is empty")
    if len(given) != 1:
        got = " and ".join(f"`{kind}`" for kind in given) or "none"
        raise line.wrong(
            f"expected one of `answer`, `options` with `answer`, `labels`, `json` or `messages`, got {got}"
        )
    return given[0]


def _answer(line: Line, kind: str, options: tuple[str, ...]) -> str:
    """What is learned."""
    if kind == "json":
        return json.dumps(line.values["json"], ensure_ascii=False)
    given = line.values.get("answer")
    answer = given[0] if isinstance(given, list) and given else given
    if not isinstance(answer, str | int | float):
        raise line.wrong("expected words in `answer`" if answer else "its answer is empty")
    said = str(answer).strip()
    if not said:
        raise line.wrong("its answer is empty")
    if kind != "options":
        return said
    right = [text for letter, text in lettered(options) if said in (letter, text)]
    if len(right) != 1:
        raise line.wrong("its answer is none of its options: expected the letter of one, or the text of one")
    return right[0]


def _options(line: Line) -> tuple[str, ...]:
    """Options as a list or an object, or in one cell with | between them."""
    given = line.values["options"]
    if isinstance(given, str):
        given = given.split("|")
    texts = list(given.values()) if isinstance(given, dict) else given
    if not isinstance(texts, list) or not all(
        isinstance(text, str | int | float) and str(text).strip() for text in texts
    ):
        raise line.wrong("expected texts in `options`")
    if not 2 <= len(texts) <= 26:
        raise line.wrong(f"expected 2 to 26 options, got {len(texts)}")
    return tuple(str(text).strip() for text in texts)


def _of_labels(line: Line, files: tuple[Path, ...], question: str | None) -> Sequence[Row]:
    """A row for each label that is yes or no; `null` is not asked."""
    given = line.values["labels"]
    if not isinstance(given, dict) or not given:
        raise line.wrong('expected an object such as {"pneumonia": "yes", "effusion": "no"} in `labels`')
    asked = line.optional("question") or question or LABEL_QUESTION
    if "{label}" not in asked and len(given) > 1:
        raise line.wrong("expected `{label}` in `question`, because there are several labels")
    rows = []
    for name, value in given.items():
        word = YES_NO.get(str(value).strip().lower())
        if value is not None and word is None:
            raise line.wrong(f"expected yes, no or null for the label `{name}`")
        if word is not None:
            rows.append(_row(line, files, asked.replace("{label}", name), word, label=f"{name}: {word}"))
    return rows
