"""What `osler show --list` says of a folder: its studies, their series, and which would be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from osler.errors import InputError
from osler.tasks.choice import choose, why_not
from osler.tasks.study_group import Chosen, Series, StudyGroup
from osler.tasks.study_options import StudyOptions

__all__ = ["SeriesRow", "rows"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRow:
    """One line.

    Attributes:
        study: the first digits of the study's digest.
        name: as `--series` takes it, such as "3" or "3.2"; "3.2 to 3.9" for parts that are alike.
        digest: the first digits of the series' own.
        modality: such as "CT".
        kind: "volume", "films", "slide" or "other".
        num_images: slices or frames, of each part.
        plane: of a volume, else "".
        spacing_mm: between slices, rows and columns of a volume, else None.
        width_px, height_px: of an image.
        is_chosen: whether it would be taken without `--series`.
        note: why it would be taken, or why not, then gaps and other oddities.
    """

    study: str
    name: str
    digest: str
    modality: str
    kind: str
    num_images: int
    plane: str
    spacing_mm: tuple[float, float, float] | None
    width_px: int
    height_px: int
    is_chosen: bool
    note: str


def rows(groups: Sequence[StudyGroup], options: StudyOptions | None = None) -> tuple[SeriesRow, ...]:
    """A row for each series, by study; neighbouring parts of a series that are alike share one.

    Args:
        groups: as `osler.tasks.series.group` makes them.
        options: what the person chose; without, what the recipes would choose.
    """
    options = options or StudyOptions()
    try:
        chosen = choose(groups, options)
    except InputError:
        chosen = ()
    found: list[SeriesRow] = []
    for group in groups:
        for series in group.series:
            row = _row(group, series, chosen, options)
            if found and _are_alike(found[-1], row):
                found[-1] = replace(found[-1], name=f"{found[-1].name.split()[0]} to {row.name}")
            else:
                found.append(row)
    return tuple(found)


def _row(group: StudyGroup, series: Series, chosen: Sequence[Chosen], options: StudyOptions) -> SeriesRow:
    reason = next((one.reason for one in chosen if one.series is series), None)
    first = reason if reason is not None else _why_not(series, chosen, options)
    return SeriesRow(
        study=group.digest,
        name=series.name,
        digest=series.digest,
        modality=series.modality,
        kind=series.kind,
        num_images=series.num_images,
        plane=series.plane,
        spacing_mm=series.spacing_mm,
        width_px=series.width_px,
        height_px=series.height_px,
        is_chosen=reason is not None,
        note="; ".join(filter(None, (first, *series.notes))),
    )


def _why_not(series: Series, chosen: Sequence[Chosen], options: StudyOptions) -> str:
    """Why a series would not be chosen; what speaks against it where nothing would be."""
    if series.kind == "other":
        return "no picture"
    if options.series or not chosen or series.doubts:
        return ", ".join(series.doubts)
    taken = chosen[0].series
    if series.kind != "volume" or taken.kind != "volume":
        return f"a {taken.kind} is taken instead" if taken.kind in ("volume", "slide") else ""
    return f"{taken.label} comes before it: {why_not(series, taken, options)}"


def _are_alike(one: SeriesRow, other: SeriesRow) -> bool:
    """Whether two rows differ in their names only."""
    return one.digest == other.digest and not one.is_chosen and replace(other, name=one.name) == one
