"""What a server plans of a study: as every task does, and long records too, which are read in steps and not sent."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from osler.errors import ContextError, InputError
from osler.tasks.batch import batches_of
from osler.tasks.progress import no_progress
from osler.tasks.question import room_of
from osler.tasks.room import limits_for
from osler.tasks.study import plan_study
from osler.tasks.study_options import Recipe, StudyOptions
from osler.tasks.view import Plan, View

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["count_tokens", "plans_of"]

RECORDS = ("fhir", "ndjson")


def plans_of(path: Path, options: StudyOptions, *, recipe: Recipe) -> tuple[Plan, ...]:
    """Plan a study's sources.

    A record that is too long to be sent as text is one, too: `record` needs no such text. Its plan has nothing to send,
    and says why when it is developed.

    Raises:
        InputError: as `plan_study`.
    """
    try:
        return plan_study([path], options, recipe=recipe).plans
    except InputError as error:
        files = _record_files(path)
        if not files:
            raise
        _check_is_record(files)
        return (_unsent(files, error),)


def count_tokens(model: "Model", plans: Sequence[Plan], options: StudyOptions) -> int | None:
    """Tokens that go before a question about a study, whether or not they fit; None for what is read in steps."""
    if any(not plan.num_images and not plan.texts for plan in plans):
        return None
    room, counts = room_of(model, None, system=None, thinking=False), [plan.num_images for plan in plans]
    with suppress(ContextError):
        limits = limits_for(plans, room, question="", fit=options.fit)
        counts = [count if limit is None else limit for count, limit in zip(counts, limits, strict=True)]
    return room.count(plans, counts)


def _record_files(path: Path) -> tuple[Path, ...]:
    """All files of a study, where all of them are a record's."""
    found = [file for batch in batches_of([path], progress=no_progress) for file in batch.found]
    return tuple(file.path for file in found) if all(file.kind in RECORDS for file in found) else ()


def _check_is_record(files: tuple[Path, ...]) -> None:
    """Refuse what `record` could not read either: damaged, or of several patients."""
    from osler.tasks.record.chart import open_chart

    open_chart(files)


def _unsent(files: tuple[Path, ...], reason: InputError) -> Plan:
    def develop(most: int | None) -> View:
        raise reason

    return Plan(kind="record", label=files[0].name, num_images=0, texts=(), develop=develop, opened=files)
