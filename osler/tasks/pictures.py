"""Every picture in what a person hands over, one by one: films, slices, patches and pages, as the recipes show them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from osler.errors import InputError
from osler.tasks.gather import naming_as_written
from osler.tasks.progress import Progress, no_progress
from osler.tasks.study import plan_study
from osler.tasks.study_options import Recipe, StudyOptions
from osler.values import FileRecord, Image, Origin

__all__ = ["PictureRecord", "pictures_in"]

RECIPE: Recipe = "1"
"""MedSigLIP was trained beside MedGemma 1, so its recipes show slices as it knows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRecord:
    """Which picture a result is about.

    Attributes:
        name: for people, such as "chest.dcm" or "ct.zip, slice 12 of 80".
        file: what it was read from, None for a picture that was handed over in memory.
        origin: where in the file it was taken.
    """

    name: str
    file: FileRecord | None = None
    origin: Origin | None = None


def pictures_in(
    sources: Sequence[Any], study: StudyOptions | None = None, *, progress: Progress = no_progress
) -> Iterator[tuple[PictureRecord, Image]]:
    """Read pictures, each when it is asked for.

    Args:
        sources: files, folders, archives, addresses, pictures in memory.
        study: what is chosen of a study; None leaves it to the recipes.

    Raises:
        InputError: something cannot be read, or there is no picture in it (a record of text has none).
    """
    options = study or StudyOptions()
    planned = plan_study(sources, options, recipe=options.recipe or RECIPE, progress=progress)
    if not planned.num_images:
        raise InputError("cannot embed: there is no picture in what was handed over", hint="name an image or a study")
    with naming_as_written(planned.found):
        for plan in planned.plans:
            for image in plan.develop(None).images:
                yield picture_record(image, plan.label), image


def picture_record(image: Image, label: str) -> PictureRecord:
    """What to call a picture: its file, else the plan's label, and its place where there is more than one."""
    origin, name = image.origin, image.file.name if image.file else label
    if origin is not None and origin.total > 1:
        name = f"{label if origin.kind == 'slice' else name}, {origin.kind} {origin.number} of {origin.total}"
    return PictureRecord(name=name, file=image.file, origin=origin)
