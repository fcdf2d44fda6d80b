"""Which series of a person's studies the model is to see, and why.

What a person names is taken. Else, in this order:

- one study with volumes: the best of them (`CRITERIA`);
- films of one study: all of them; of two studies of one patient: the prior ones, then the current ones;
- one slide.

Everything else is for the person to choose; the error lists what there is. Source of the criteria: the technical
report's training volumes (axial, at least 5 slices of even steps, at most 512 × 512) and the official container's
preference for series that are not derived; reference/medgemma.md 1b, 1c.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from osler.errors import InputError
from osler.formats.dicom_patient import are_of_one_patient
from osler.tasks.study_group import Chosen, Series, StudyGroup
from osler.tasks.study_options import StudyOptions

__all__ = ["best_volume", "choose", "why_not"]

LEAST_SLICES = 5
MOST_SIDE_PX = 512
MOST_LISTED = 20
LEAST_DIGITS = 4  # of a digest: fewer would be met by chance
HINT = "name a series or a study with --series; `osler show --list` lists them"
NAMED = "named with --series"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """What makes one volume better than another: more `worth`; `words` say it of the better one."""

    words: str
    worth: Callable[[Series, StudyOptions], float]


CRITERIA = (
    Criterion(words="not a localiser", worth=lambda series, _: not _has_doubt(series, "a localiser")),
    Criterion(words="not derived", worth=lambda series, _: not _has_doubt(series, "derived")),
    Criterion(words="CT or MR", worth=lambda series, _: series.modality in ("CT", "MR")),
    Criterion(words="in the wanted plane", worth=lambda series, options: series.plane == (options.plane or "axial")),
    Criterion(words=f"at least {LEAST_SLICES} slices", worth=lambda series, _: series.num_images >= LEAST_SLICES),
    Criterion(words="evenly spaced", worth=lambda series, _: _is_even(series)),
    Criterion(
        words=f"at most {MOST_SIDE_PX} × {MOST_SIDE_PX} pixels",
        worth=lambda series, _: max(series.width_px, series.height_px) <= MOST_SIDE_PX,
    ),
    Criterion(words="more slices", worth=lambda series, _: series.num_images),
    Criterion(words="thinner slices", worth=lambda series, _: -series.spacing_mm[0] if series.spacing_mm else 0),
    Criterion(words="first in order", worth=lambda series, _: 0),
)


def choose(groups: Sequence[StudyGroup], options: StudyOptions, *, named: bool = False) -> tuple[Chosen, ...]:
    """Choose series.

    Args:
        groups: as `osler.tasks.series.group` makes them.
        options: `series` and `plane` are looked at.
        named: whether the person named each file: then something of each study is taken, in the order of time, and all
            series of a study that are one file each.

    Returns:
        One volume, or several that were named, in their order; or series of films, prior ones first; or a slide.

    Raises:
        InputError: nothing to look at, no such series, or more than one way to choose.
    """
    if options.series:
        return tuple(one for name in options.series for one in _named(name.strip().lower(), groups, options))
    shown = [group for group in groups if any(series.kind != "other" for series in group.series)]
    if not shown:
        raise InputError("cannot choose a series: none of the DICOM files holds a picture", hint=_held(groups))
    if named:
        return _of_named_files(shown, options)
    if any(series.kind == "volume" for group in shown for series in group.series):
        return (_volume(shown, options),)
    slides = [series for group in shown for series in group.series if series.kind == "slide"]
    if slides:
        return (_slide(slides, shown),)
    if len(shown) == 1:
        return _films(shown[0], "")
    return _prior_and_current(shown)


def best_volume(volumes: Sequence[Series], options: StudyOptions) -> Series:
    """The best by the criteria; the first of equal ones."""
    return max(volumes, key=lambda series: _worth(series, options))


def why_not(series: Series, better: Series, options: StudyOptions) -> str:
    """Why another volume is taken, in words about that other one.

    Of two equal ones the first is taken.
    """
    return next(
        criterion.words if criterion.words != "in the wanted plane" else options.plane or "axial"
        for criterion in CRITERIA
        if criterion is CRITERIA[-1] or criterion.worth(better, options) > criterion.worth(series, options)
    )


def _worth(series: Series, options: StudyOptions) -> tuple[float, ...]:
    return tuple(criterion.worth(series, options) for criterion in CRITERIA)


def _has_doubt(series: Series, doubt: str) -> bool:
    return any(words.startswith(doubt) for words in series.doubts)


def _is_even(series: Series) -> bool:
    return series.stack is not None and not series.stack.gaps and series.stack.uneven_mm is None


def _volume(groups: Sequence[StudyGroup], options: StudyOptions) -> Chosen:
    if len(groups) > 1:
        raise _ambiguous(f"{len(groups)} studies", groups)
    volumes = [series for series in groups[0].series if series.kind == "volume"]
    best = best_volume(volumes, options)
    return Chosen(series=best, reason=_reason(best, volumes, options, len(groups[0].series)))


def _reason(best: Series, volumes: Sequence[Series], options: StudyOptions, num_series: int) -> str:
    others = [series for series in volumes if series is not best]
    if not others:
        words = "the only series" if num_series == 1 else f"the only volume of {num_series} series"
    else:
        second = best_volume(others, options)
        why = why_not(second, best, options)
        words = f"best of {len(volumes)} volumes: before {second.label} because {why}{_figures(why, best, second)}"
    return f"{words}; but it is {' and '.join(best.doubts)}" if best.doubts else words


def _figures(why: str, best: Series, second: Series) -> str:
    if why == "more slices":
        return f" ({best.num_images}, not {second.num_images})"
    return ""


def _slide(slides: Sequence[Series], groups: Sequence[StudyGroup]) -> Chosen:
    if len(slides) > 1:
        raise _ambiguous(f"{len(slides)} slides", groups)
    return Chosen(series=slides[0], reason="the only slide")


def _of_named_files(groups: Sequence[StudyGroup], options: StudyOptions) -> tuple[Chosen, ...]:
    if len(groups) == 1:
        return _of_named_study(groups[0], options, "")
    words = "named" if _of_one_patient(groups) else "named, but the files do not say to be of one patient"
    return tuple(one for group in _in_time(groups) for one in _of_named_study(group, options, words))


def _of_named_study(group: StudyGroup, options: StudyOptions, words: str) -> tuple[Chosen, ...]:
    """All of it where each series is one file; else its best volume, or its films."""
    shown = [series for series in group.series if series.kind != "other"]
    has_volume = any(series.kind == "volume" for series in shown)
    if len({series.digest for series in shown}) == sum(len(series.headers) for series in shown) and len(shown) > 1:
        return tuple(Chosen(series=series, reason=words or "named") for series in shown)
    if has_volume:
        return (_volume([group], options),)
    films = _films(group, words) if any(series.kind == "films" for series in shown) else ()
    return (*films, *(Chosen(series=series, reason=words or "named") for series in shown if series.kind == "slide"))


def _prior_and_current(groups: Sequence[StudyGroup]) -> tuple[Chosen, ...]:
    if len(groups) > 2:
        raise _ambiguous(f"films of {len(groups)} studies", groups)
    if not _have_times(groups):
        raise _ambiguous("two studies that do not say which is the earlier one", groups)
    if not _of_one_patient(groups):
        raise _ambiguous("studies that do not say to be of one patient", groups)
    turns = ("prior: the earlier of two studies", "current: the later of two studies")
    return tuple(one for group, which in zip(_in_time(groups), turns, strict=True) for one in _films(group, which))


def _have_times(groups: Sequence[StudyGroup]) -> bool:
    times = {group.time_order for group in groups}
    return len(times) == len(groups) and "" not in times


def _in_time(groups: Sequence[StudyGroup]) -> Sequence[StudyGroup]:
    return sorted(groups, key=lambda group: group.time_order) if _have_times(groups) else groups


def _of_one_patient(groups: Sequence[StudyGroup]) -> bool:
    return are_of_one_patient([series.headers[0].path for group in groups for series in group.series])


def _films(group: StudyGroup, which: str) -> tuple[Chosen, ...]:
    """All films of a study but doubtful ones, where there are others."""
    films = [series for series in group.series if series.kind == "films"]
    taken = [series for series in films if not series.doubts] or films
    num_images = sum(series.num_images for series in taken)
    words = which or ("the only image" if num_images == 1 else f"all {num_images} images of the study")
    left = f", without {len(films) - len(taken)} localiser, derived or raw series" if len(taken) < len(films) else ""
    return tuple(Chosen(series=series, reason=words + left) for series in taken)


def _named(name: str, groups: Sequence[StudyGroup], options: StudyOptions) -> tuple[Chosen, ...]:
    """A series, a part of one, or what there is to take of a study."""
    found = _matching(name, groups)
    if not found and (studies := [group for group in groups if _is_digest(name, group.digest)]):
        taken = choose(studies, replace(options, series=()))
        return tuple(Chosen(series=one.series, reason=f"study {NAMED}; {one.reason}") for one in taken)
    shown = [series for series in found if series.kind != "other"]
    if not shown:
        why = "it holds no picture" if found else "there is none of this name"
        raise InputError(f"cannot choose series `{name}`: {why}", hint=f"choose from{_list(groups)}")
    if len({series.digest for series in shown}) > 1:
        raise InputError(f"cannot choose series `{name}`: {len(shown)} have this name: {_several(shown)}", hint=HINT)
    volumes = [series for series in shown if series.kind == "volume"]
    if len(shown) == 1 or not volumes:
        return (Chosen(series=shown[0], reason=NAMED),)
    best = best_volume(volumes, options)
    return (Chosen(series=best, reason=f"{NAMED}; its {_reason(best, volumes, options, len(shown))}"),)


def _matching(name: str, groups: Sequence[StudyGroup]) -> list[Series]:
    """By number or part, such as "3" or "3.2"; else by the first digits of the digest, and a part after it."""
    every = [series for group in groups for series in group.series]
    number = [s for s in every if s.number is not None and name in (str(s.number), f"{s.number}.{s.part}")]
    if number or not name:
        return number
    digits, _, part = name.partition(".")
    return [s for s in every if _is_digest(digits, s.digest) and part in ("", str(s.part))]


def _is_digest(digits: str, digest: str) -> bool:
    return len(digits) >= LEAST_DIGITS and digest.startswith(digits)


def _ambiguous(what: str, groups: Sequence[StudyGroup]) -> InputError:
    return InputError(f"cannot choose a series: there are {what}:{_list(groups)}", hint=HINT)


def _list(groups: Sequence[StudyGroup]) -> str:
    """All series with pictures, after a space; a line for each study where there are several."""
    shown = [(group, [series for series in group.series if series.kind != "other"]) for group in groups]
    if len(shown) == 1:
        return f" {_several(shown[0][1])}"
    return "".join(f"\n  study {group.digest}: {_several(series)}" for group, series in shown[:MOST_LISTED] if series)


def _several(series: Sequence[Series]) -> str:
    shown = [f"{one.name} ({one.digest}): {_facts(one)}" for one in series[:MOST_LISTED]]
    more = len(series) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def _facts(series: Series) -> str:
    words = "slices" if series.kind == "volume" else "images"
    count = f"{series.num_images} {words if series.num_images != 1 else words[:-1]}"
    return ", ".join(filter(None, (series.modality, count, series.plane, *series.doubts)))


def _held(groups: Sequence[StudyGroup]) -> str:
    """What the files are, or what those of a kind of picture lack."""
    headers = [header for group in groups for series in group.series for header in series.headers]
    if any(header.has_pixels for header in headers):
        return "expected (0028,0010) Rows and (0028,0011) Columns above 0: export them again"
    kinds = ", ".join(sorted({header.modality for header in headers if header.modality}))
    lacking = f"expected (7FE0,0010) Pixel Data, and {'no file has any' if len(headers) > 1 else 'the file has none'}"
    return f"{lacking} (modality {kinds})" if kinds else lacking
