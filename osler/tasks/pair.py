"""Two studies of one patient that are to be seen one after the other: told apart, checked, made ready.

Each side goes through the recipes on its own, so that the order stays the one in which they were handed over. Where
each is one image, nothing stands between them, as in the official notebook; where one is several, each side is
announced.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from osler.errors import InputError
from osler.tasks.ask import sources_of
from osler.tasks.gather import naming_as_written
from osler.tasks.prepare import Prepared, capped, prepare, refuse_blind
from osler.tasks.privacy import refuse_identifiers
from osler.tasks.progress import Progress
from osler.tasks.question import NEWEST, develop, messages, resolved, study_record
from osler.tasks.study import Study, plan_study
from osler.tasks.study_options import StudyOptions
from osler.tasks.view import View
from osler.values import SourceRecord, TextPart

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["Pair", "check_pair", "open_pair", "prepare_pair"]

PRIOR, CURRENT = "Prior study:", "Current study:"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """Two studies, read.

    Attributes:
        prior, current: what was planned of each.
        views: of the prior, then of the current.
        options: what was chosen, with the recipe that is followed.
    """

    prior: Study
    current: Study
    views: tuple[View, ...]
    options: StudyOptions


def open_pair(model: "Model", prior: Any, current: Any, *, study: StudyOptions | None, progress: Progress) -> Pair:
    """Plan and read both studies.

    Raises:
        OslerError: as `Model.ask` says, or a side has no image.
    """
    chosen = resolved(study or StudyOptions(), model)
    recipe = chosen.recipe or NEWEST
    sides = [plan_study(sources_of(files), chosen, recipe=recipe, progress=progress) for files in (prior, current)]
    for side, name in zip(sides, ("prior", "current"), strict=True):
        if not side.num_images:
            raise InputError(f"cannot compare: the {name} study has no image")
    refuse_blind(model.config, sum(side.num_images for side in sides), model.identity.vision_note)
    views: list[View] = []
    for side, label in zip(sides, (PRIOR, CURRENT), strict=True):
        with naming_as_written(side.found):
            seen = develop(side.plans, (None,) * len(side.plans), progress)
        is_plain = all(one.num_images == 1 for one in sides)
        views += seen if is_plain else [View(parts=(TextPart(text=label), *seen[0].parts), source=seen[0].source)]
        views += () if is_plain else seen[1:]
    return Pair(prior=sides[0], current=sides[1], views=tuple(views), options=chosen)


def check_pair(pair: Pair, *, allow_different_patients: bool) -> tuple[str, ...]:
    """What a person should know about the two: the order of their dates, and whether they are the same file.

    Raises:
        InputError: they are known to be of different patients, and that was not allowed.
    """
    from osler.formats.dicom_header import read_header
    from osler.formats.dicom_patient import are_known_to_differ

    files = [{file.sha256 for view in _side(pair, index) for file in view.source.files} for index in (0, 1)]
    notes = ["prior and current are the same file"] if files[0] & files[1] else []
    prior, current = _dicom_of(pair.prior), _dicom_of(pair.current)
    if prior is None or current is None:
        return tuple(notes)
    if not allow_different_patients and are_known_to_differ(prior, current):
        raise InputError(
            "cannot compare: the two studies are of different patients by their Patient ID or date of birth",
            hint="check the files; --different-patients compares them all the same",
        )
    first, second = ((header.study_order, header.time_order) for header in map(read_header, (prior, current)))
    if _is_dated(first[0]) and _is_dated(second[0]) and first > second:
        notes.append("the prior study was taken after the current one: are they in the wrong order?")
    return tuple(notes)


def prepare_pair(
    model: "Model",
    pair: Pair,
    question: str,
    *,
    thinking: bool,
    pad: bool,
    options: Mapping[str, Any],
    longest: int,
) -> Prepared:
    """A question about both, ready to be computed; `longest` is its answer's limit where `options` name none."""
    found = (*pair.prior.found, *pair.current.found)
    with naming_as_written(found):
        refuse_identifiers([question], (*pair.prior.paths, *pair.current.paths), pair.options)
    limits = (None,) * len(pair.views)
    prepared = prepare(
        messages(pair.views, question),
        config=model.config,
        tokenizer=model.tokenizer,
        context=model.context,
        options=options,
        think=thinking,
        pad=pad,
        sources=_sources(pair),
        study=study_record(pair.options, limits, pad=pad, image_px=model.image_px),
    )
    return prepared if options.get("max_new_tokens") else capped(prepared, longest)


def _sources(pair: Pair) -> list[SourceRecord]:
    return [view.source for view in pair.views]


def _side(pair: Pair, index: int) -> tuple[View, ...]:
    """The views of the prior (0) or the current (1)."""
    middle = len(pair.prior.plans)
    return pair.views[:middle] if index == 0 else pair.views[middle:]


def _dicom_of(study: Study) -> Path | None:
    """A DICOM file of a study, if it has one."""
    return next((found.path for found in study.found if found.kind == "dicom"), None)


def _is_dated(order: str) -> bool:
    """Whether a study's place in time begins with a date, "20240131…", and not with the time of day."""
    return len(order) >= 8 and order.startswith(("19", "20"))
