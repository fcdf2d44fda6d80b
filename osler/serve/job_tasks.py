"""What a job can be asked to do: the tasks of `osler.tasks` on a study that was uploaded, and the files they make."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from osler.errors import InputError, MissingExtraError
from osler.serve.file_names import named
from osler.serve.refusal import RefusedError
from osler.tasks.prepare import SamplingOptions
from osler.tasks.study_options import StudyOptions

if TYPE_CHECKING:
    from osler.tasks.labs.rows import LabReport
    from osler.tasks.model import Model
    from osler.tasks.stream import Stream
    from osler.values import FileRecord

__all__ = ["TASKS", "JobRequest", "Made", "Outcome", "perform"]

Tell = Callable[..., None]


class JobRequest(BaseModel):
    """A task on a study. Which fields count depends on the task; those that a task does not know are refused."""

    model_config = ConfigDict(extra="forbid")

    task: Literal["ask", "report", "locate", "compare", "labs", "record"]
    study_id: str
    model: Annotated[str, Field(max_length=256)] | None = Field(default=None, description="who does it, of /v1/models")
    prior_id: str | None = Field(default=None, description="compare: the study that came before")
    question: Annotated[str, Field(max_length=200_000)] | None = None
    things: Annotated[list[Annotated[str, Field(min_length=1, max_length=1000)]], Field(max_length=64)] = []
    findings: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=64)] = []
    indication: Annotated[str, Field(max_length=10_000)] | None = None
    today: Annotated[str, Field(max_length=10)] | None = None
    structured: bool = Field(default=False, description="report: hold it to both parts, instead of finding headings")
    flags: bool = Field(default=False, description="labs: ask for the report's own flags, too")
    mode: Literal["auto", "whole", "navigate"] = Field(default="auto", description="record: how it is read")
    allow_different_patients: bool = Field(default=False, description="compare: go on where the headers name two")
    thinking: bool = False
    max_new_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=100)] | None = None
    seed: Annotated[int, Field(ge=0)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A file that a task made."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a job.

    Attributes:
        result: the task's own result as plain values.
        files: what it comes to in other forms; those whose extra is not installed are left out.
        notes: what a person should know, such as why a form is missing.
    """

    result: dict[str, Any]
    files: tuple[Made, ...] = ()
    notes: tuple[str, ...] = ()


NEEDED: Mapping[str, tuple[str, ...]] = {
    "ask": ("question",),
    "locate": ("things",),
    "compare": ("prior_id",),
    "record": ("question",),
}
TAKEN: Mapping[str, frozenset[str]] = {
    "ask": frozenset({"question", "thinking"}),
    "report": frozenset({"indication", "structured", "thinking"}),
    "locate": frozenset({"things"}),
    "compare": frozenset({"prior_id", "question", "findings", "allow_different_patients", "thinking"}),
    "labs": frozenset({"flags"}),
    "record": frozenset({"question", "mode", "today", "thinking"}),
}
ALWAYS = frozenset({"task", "study_id", "model", "max_new_tokens", "temperature", "seed"})


def check(sent: JobRequest) -> None:
    """Refuse a task that lacks what it needs, or is given what it does not know.

    Raises:
        RefusedError: with the field's name.
    """
    for name in NEEDED.get(sent.task, ()):
        if not getattr(sent, name):
            raise RefusedError(400, f"{sent.task} needs {name}", param=name)
    for name in sent.model_fields_set - ALWAYS - TAKEN[sent.task]:
        raise RefusedError(400, f"{sent.task} takes no {name}", param=name)


def perform(
    model: "Model",
    sent: JobRequest,
    paths: Mapping[str, Path],
    studies: Mapping[str, StudyOptions],
    tell: Tell,
    names: Sequence[Mapping[str, str]] = (),
) -> Outcome:
    """Do a job to its end.

    Args:
        paths, studies: where the studies lie, and what was chosen of them, by id.
        tell: told of text and thinking as they come.
        names: how the client calls the studies' files, with their digests.

    Raises:
        OslerError: as the task says.
    """
    return TASKS[sent.task](_Work(model, sent, paths[sent.study_id], studies[sent.study_id], paths, tell, names))


@dataclass(frozen=True, slots=True)
class _Work:
    """What a task is given."""

    model: "Model"
    sent: JobRequest
    path: Path
    study: StudyOptions
    paths: Mapping[str, Path]
    tell: Tell
    names: Sequence[Mapping[str, str]] = ()

    @property
    def sampling(self) -> SamplingOptions:
        given = {name: getattr(self.sent, name) for name in ("max_new_tokens", "temperature", "seed")}
        return SamplingOptions(**{name: value for name, value in given.items() if value is not None})  # type: ignore[typeddict-item]

    def named(self, report: "LabReport") -> "LabReport":
        """The rows under the names that the client gave their files: the server has numbers."""
        pages = [page if page.file is None else replace(page, file=self._as_called(page.file)) for page in report.pages]
        return replace(report, pages=tuple(pages))

    def _as_called(self, file: "FileRecord") -> "FileRecord":
        told = {"name": file.name, "sha256": file.sha256}
        return replace(file, name=named(told, self.names)["name"])

    def read(self, stream: "Stream") -> Any:
        """Pass an answer on as it is written; the whole reply."""
        for piece in stream:
            self.tell("text" if piece.kind == "answer" else "thinking", text=piece.text)
        return stream.reply


def _ask(work: _Work) -> Outcome:
    sent = work.sent
    stream = work.model.stream(
        str(work.path), sent.question or "", study=work.study, thinking=sent.thinking, **work.sampling
    )
    return Outcome(result=work.read(stream).to_dict())


def _report(work: _Work) -> Outcome:
    from osler.tasks.dicom_sr import text_document
    from osler.tasks.fhir_report import diagnostic_report
    from osler.tasks.report import report_of, start_report

    sent, files = work.sent, [str(work.path)]
    stream = start_report(
        work.model,
        files,
        indication=sent.indication,
        structured=sent.structured,
        study=work.study,
        thinking=sent.thinking,
        options=work.sampling,
    )
    report = report_of(work.read(stream), sent.indication)
    fhir = json.dumps(diagnostic_report(report), indent=2, ensure_ascii=False).encode()
    made, notes = _made(("report.sr.dcm", "application/dicom", lambda: text_document(report, files)))
    text = Made(name="report.txt", kind="text/plain", content=f"{report.text}\n\n{report.notice}\n".encode())
    return Outcome(
        result=report.to_dict(),
        files=(text, Made(name="report.fhir.json", kind="application/fhir+json", content=fhir), *made),
        notes=notes,
    )


def _locate(work: _Work) -> Outcome:
    from osler.imaging.png import png_of
    from osler.tasks.dicom_sr import boxes_document
    from osler.tasks.overlay import overlays
    from osler.tasks.presentation import presentation_state

    path = str(work.path)
    located = work.model.locate(path, work.sent.things, study=work.study, **work.sampling)
    drawn = overlays(located)
    names = ["overlay.png"] if len(drawn) == 1 else [f"overlay-{number:03}.png" for number in range(1, len(drawn) + 1)]
    pictures = tuple(
        Made(name=name, kind="image/png", content=png_of(pixels)) for name, pixels in zip(names, drawn, strict=True)
    )
    if not located.boxes:
        return Outcome(result=located.to_dict(), files=pictures)
    made, notes = _made(
        ("boxes.gsps.dcm", "application/dicom", lambda: presentation_state(located, path)),
        ("boxes.sr.dcm", "application/dicom", lambda: boxes_document(located, path)),
    )
    return Outcome(result=located.to_dict(), files=(*pictures, *made), notes=notes)


def _compare(work: _Work) -> Outcome:
    sent = work.sent
    compared = work.model.compare(
        str(work.paths[sent.prior_id or ""]),
        str(work.path),
        sent.question,
        findings=sent.findings,
        allow_different_patients=sent.allow_different_patients,
        study=work.study,
        thinking=sent.thinking,
        **work.sampling,
    )
    return Outcome(result=compared.to_dict())


def _labs(work: _Work) -> Outcome:
    from osler.tasks.labs.fhir import bundle_of
    from osler.tasks.labs.table import csv_of

    report = work.named(work.model.labs(str(work.path), study=work.study, flags=work.sent.flags, **work.sampling))
    bundle = json.dumps(bundle_of(report), indent=2, ensure_ascii=False).encode()
    return Outcome(
        result=report.to_dict(),
        files=(
            Made(name="rows.csv", kind="text/csv", content=csv_of(report).encode()),
            Made(name="observations.fhir.json", kind="application/fhir+json", content=bundle),
        ),
    )


def _record(work: _Work) -> Outcome:
    sent = work.sent
    answer = work.model.record(
        str(work.path), sent.question or "", mode=sent.mode, today=sent.today, thinking=sent.thinking, **work.sampling
    )
    return Outcome(result=answer.to_dict())


def _made(*forms: tuple[str, str, Callable[[], bytes]]) -> tuple[tuple[Made, ...], tuple[str, ...]]:
    """The forms that can be made of this study here, and why the others cannot."""
    made, notes = [], []
    for name, kind, make in forms:
        try:
            made.append(Made(name=name, kind=kind, content=make()))
        except (InputError, MissingExtraError) as error:
            hint = f" ({error.hint})" if isinstance(error, MissingExtraError) else ""
            notes.append(f"no {name}: {error.message}{hint}")
    return tuple(made), tuple(notes)


TASKS: Mapping[str, Callable[[_Work], Outcome]] = {
    "ask": _ask,
    "report": _report,
    "locate": _locate,
    "compare": _compare,
    "labs": _labs,
    "record": _record,
}
