"""What is sent of a whole slide: patches of tissue at one magnification, in spatial order.

The opening words follow the official CT prompt's form with the pathology prompt's words; the question comes after the
patches, as in the technical report (the notebook has it before them: give it as `instruction` for that order).

Source: reference/medgemma.md 2, 14; docs/pixels.md; docs/decisions/026.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from osler.errors import InputError
from osler.formats.files import record_of
from osler.formats.slide import open_slide, shown_path, slide_files
from osler.imaging.patches import PATCH_PX, reduce_patch
from osler.imaging.sample import equidistant
from osler.tasks.slide_patches import Patches, choose_patches
from osler.tasks.slide_scale import Scale, scale_for
from osler.tasks.study_options import StudyOptions
from osler.tasks.view import Plan, View
from osler.values import FileRecord, Image, ImagePart, Origin, Slide, SourceRecord, TextPart

__all__ = ["OPENING", "plan_slide"]

OPENING = (
    "You are an instructor teaching medical students. You are analyzing a set of pathology patches extracted from a "
    "pathology slide. Please review the patches provided below carefully."
)


def plan_slide(source: Path | Sequence[Path], options: StudyOptions) -> Plan:
    """Decide which patches of a slide are sent.

    Unlike other plans this one reads pixels: the slide once at about 8 µm a pixel, to find tissue.

    Args:
        source: as `osler.formats.slide.open_slide` takes it.
        options: magnification, mpp_um, patches, max_patches, seed and instruction.

    Raises:
        InputError: damaged, without the magnification or tissue that is needed, or named patches that cannot be.
        MissingExtraError: the extra `slides` is not installed.
    """
    with closing(open_slide(source)) as slide:
        scale = scale_for(slide, options)
        patches = choose_patches(slide, scale, options)
    texts = (OPENING,) if options.instruction is None else (options.instruction,) if options.instruction else ()

    def develop(at_most: int | None) -> View:
        return _develop(source, scale, patches, texts, options, at_most)

    label = shown_path(source).name
    return Plan(kind="slide", label=label, num_images=len(patches.corners_px), texts=texts, develop=develop)


def _develop(
    source: Path | Sequence[Path],
    scale: Scale,
    patches: Patches,
    texts: tuple[str, ...],
    options: StudyOptions,
    at_most: int | None,
) -> View:
    number = len(patches.corners_px)
    if at_most is not None and at_most < 1:
        raise InputError(f"cannot send {at_most} patches: expected at least 1")
    kept = equidistant(number, number if at_most is None else at_most)
    paths = slide_files(source)
    files = tuple(record_of(path, _kind(path)) for path in paths)
    with closing(open_slide(source)) as slide:
        file = files[scale.level if files[0].kind == "dicom" and len(files) == len(slide.levels) else 0]
        images = [_patch(slide, file, scale, patches, index, options) for index in kept]
        full = slide.levels[0]
    thinned = (f"{len(kept)} of {number} chosen patches sent, evenly thinned",) if len(kept) < number else ()
    record = SourceRecord(
        kind="slide",
        files=files,
        series=_series(paths[0]),
        reason=scale.reason,
        choices={
            "magnification": options.magnification,
            "mpp_um": round(scale.mpp_um, 4),
            "full_size_px": [full.width_px, full.height_px],
            "resolution": scale.level + 1,
            "patch_px": PATCH_PX,
            **patches.choices,
            "patches": [list(patches.corners_px[index]) for index in kept],
        },
        num_available=patches.num_available,
        num_sent=len(kept),
        notes=(*scale.notes, *patches.notes, *thinned),
    )
    parts: list[TextPart | ImagePart] = [TextPart(text=text) for text in texts]
    parts += [ImagePart(image=image) for image in images]
    return View(parts=tuple(parts), source=record)


def _patch(slide: Slide, file: FileRecord, scale: Scale, patches: Patches, index: int, options: StudyOptions) -> Image:
    """Read one patch, and reduce it where the slide has no resolution near the one that is asked for."""
    x, y = patches.corners_px[index]
    pixels = reduce_patch(slide.read_region(scale.level, x, y, scale.side_px, scale.side_px))
    full = round(scale.full_px)
    origin = Origin(
        kind="patch",
        number=patches.numbers[index],
        total=patches.num_available,
        region_px=(x, y, full, full),
        magnification=options.magnification,
    )
    return Image(pixels=pixels, file=file, steps=scale.steps, origin=origin)


def _kind(path: Path) -> str:
    """As `detect` names it; the files of one MIRAX or DICOM slide are of several kinds."""
    with path.open("rb") as stream:
        return "dicom" if stream.read(132)[128:] == b"DICM" else "slide"


def _series(path: Path) -> str:
    """How a DICOM slide's series is shown; "" for other slides."""
    if _kind(path) != "dicom":
        return ""
    from osler.formats.dicom_header import read_header, uid_digest

    identifier = read_header(path).series_uid
    return uid_digest(identifier) if identifier else ""
