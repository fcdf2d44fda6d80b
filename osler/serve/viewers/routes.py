"""`/v1/studies/{id}/viewers`: all of a study for a person to look at, beside what the model sees of it."""

import json
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from osler.errors import OslerError
from osler.imaging.png import png_of
from osler.serve.file_names import files_of, label_of
from osler.serve.files import vault_of
from osler.serve.planned import plans_of
from osler.serve.refusal import RefusedError
from osler.serve.state import state_of
from osler.serve.studies import options_of, row_of, without_paths
from osler.serve.viewers.document import DocumentViewer
from osler.serve.viewers.film import FilmViewer, film_viewer, forget_films, picture_viewer
from osler.serve.viewers.record import RecordViewer
from osler.serve.viewers.slide import SlideViewer
from osler.serve.viewers.volume import VolumeViewer

if TYPE_CHECKING:
    from osler.tasks.study_options import Recipe
    from osler.tasks.view import Plan

__all__ = ["forget", "router"]

router = APIRouter(tags=["viewers"])

Viewer = FilmViewer | VolumeViewer | SlideViewer | DocumentViewer | RecordViewer
Wanted = TypeVar("Wanted", FilmViewer, VolumeViewer, SlideViewer, DocumentViewer, RecordViewer)

BASE = "/v1/studies/{study_id}/viewers"
UNKEPT = {"Cache-Control": "private, no-store"}
"""A browser's cache is a folder on a disk, which outlives the study."""

MOST_ROWS = 1000


@router.get(BASE, summary="How a study can be looked at")
def viewers(study_id: str, request: Request) -> dict[str, Any]:
    """A viewer for each source of a study, in order: what it shows, and where its pictures are."""
    found, files = _viewers(request, study_id), _files(request)
    described = []
    for number, (label, viewer) in enumerate(found, start=1):
        url = f"/v1/studies/{study_id}/viewers/{number}"
        described.append(
            {"kind": viewer.kind, "label": label_of(label, files), **_asked(request, partial(viewer.describe, url))}
        )
    return {"object": "list", "data": described}


@router.get(f"{BASE}/{{number}}/images/{{image}}.png", summary="One film, frame or picture, through a window")
def image(
    study_id: str,
    number: int,
    image: int,
    request: Request,
    low: float | None = None,
    high: float | None = None,
    side: Annotated[int | None, Query(ge=64, le=20_000)] = None,
) -> Response:
    """Whole and in its own pixels, or no larger than `side`; without `low` and `high` as a model sees it."""
    viewer = _viewer(request, study_id, number, FilmViewer)
    limits = None if low is None or high is None else (low, high)
    pixels = _asked(request, partial(viewer.developed, _natural(image), limits)).pixels
    stride = 1 if side is None else max(1, -(-max(pixels.shape[:2]) // side))
    return _unkept(_png(np.ascontiguousarray(pixels[::stride, ::stride])))


@router.get(f"{BASE}/{{number}}/images/{{image}}", summary="One film, frame or picture: its size and window")
def describe_image(study_id: str, number: int, image: int, request: Request) -> dict[str, Any]:
    """Images count from 1."""
    viewer = _viewer(request, study_id, number, FilmViewer)
    url = f"/v1/studies/{study_id}/viewers/{number}/images/{image}.png"
    return {"url": url, **_asked(request, partial(viewer.image, _natural(image)))}


@router.get(f"{BASE}/{{number}}/volumes/{{volume}}.nii.gz", summary="A volume as NIfTI")
def volume(study_id: str, number: int, volume: int, request: Request) -> Response:
    """All slices, in space; written while it is sent."""
    viewer = _viewer(request, study_id, number, VolumeViewer)
    if not 1 <= volume <= len(viewer.volumes):
        raise _missing()
    return StreamingResponse(viewer.nifti(volume), media_type="application/gzip", headers=UNKEPT)


@router.get(f"{BASE}/{{number}}/slide.dzi", summary="A slide for deep zoom")
def slide(study_id: str, number: int, request: Request) -> Response:
    """Deep Zoom's description of it; its tiles are in `slide_files`."""
    viewer = _viewer(request, study_id, number, SlideViewer)
    return Response(_asked(request, viewer.dzi), media_type="application/xml")


@router.get(f"{BASE}/{{number}}/slide_files/{{level}}/{{column}}_{{row}}.jpeg", summary="A tile of a slide")
def tile(study_id: str, number: int, level: int, column: int, row: int, request: Request) -> Response:
    """Cut from the file now."""
    viewer = _viewer(request, study_id, number, SlideViewer)
    found = _asked(request, partial(viewer.tile, level, column, row))
    return Response(found, media_type="image/jpeg", headers=UNKEPT)


@router.get(f"{BASE}/{{number}}/pages/{{page}}.png", summary="A page of a document")
def page(
    study_id: str,
    number: int,
    page: int,
    request: Request,
    dpi: Annotated[float, Query(ge=10, le=1200)] = 110,
) -> Response:
    """Drawn now; more dots than 240 an inch are not made."""
    viewer = _viewer(request, study_id, number, DocumentViewer)
    return _unkept(_png(_asked(request, partial(viewer.draw, page, dpi))))


@router.get(f"{BASE}/{{number}}/resources", summary="Entries of a record")
def resources(
    study_id: str,
    number: int,
    request: Request,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 200,
    type: str = "",
    words: Annotated[str, Query(max_length=200)] = "",
) -> dict[str, Any]:
    """As the model reads them, the latest first; of one `type`, or with certain `words`."""
    viewer = _viewer(request, study_id, number, RecordViewer)
    return _asked(request, partial(viewer.entries, offset=offset, limit=limit, kind=type, words=words))


def _viewers(request: Request, study_id: str) -> "tuple[tuple[str, Viewer], ...]":
    row = row_of(request, study_id)
    recipe: Recipe = state_of(request).model.identity.recipe or "1.5"
    path = str(vault_of(request).study_path(study_id))
    return _asked(request, partial(_opened, path, row["options"], recipe))


def _viewer(request: Request, study_id: str, number: int, kind: type[Wanted]) -> Wanted:
    """The viewer of a source, from 1.

    Raises:
        RefusedError: there is none of that number and kind.
    """
    found = _viewers(request, study_id)
    if not 1 <= number <= len(found) or not isinstance(viewer := found[number - 1][1], kind):
        raise _missing()
    return viewer


def forget() -> None:
    """Let go of what is open and in memory of studies, since one of them was deleted."""
    _opened.cache_clear()
    forget_films()


@lru_cache(maxsize=4)
def _opened(path: str, options: str, recipe: "Recipe") -> "tuple[tuple[str, Viewer], ...]":
    """Labels and viewers of a study's sources; the last few studies stay open."""
    chosen = options_of(json.loads(options))
    plans = plans_of(Path(path), chosen, recipe=chosen.recipe or recipe)
    return tuple((plan.label, _viewer_of(plan, chosen.recipe or recipe)) for plan in plans)


def _viewer_of(plan: "Plan", recipe: "Recipe") -> Viewer:
    opened = plan.opened
    if plan.kind == "film":
        return film_viewer(opened, recipe)
    if plan.kind == "picture":
        return picture_viewer(opened[0], recipe)
    if plan.kind == "volume":
        return VolumeViewer(volumes=opened)
    if plan.kind == "slide":
        return SlideViewer(opened)
    return DocumentViewer(opened[0]) if plan.kind == "document" else RecordViewer(opened)


def _asked(request: Request, call: Any) -> Any:
    """What a viewer gives; its errors do not tell where files lie."""
    try:
        return call()
    except IndexError:
        raise _missing() from None
    except OslerError as error:
        raise without_paths(error, vault_of(request).folder, _files(request)) from error


def _files(request: Request) -> list[dict[str, str]]:
    """Of the study that a request is about."""
    return files_of(row_of(request, request.path_params["study_id"]))


def _png(pixels: np.ndarray) -> Response:
    return Response(png_of(pixels), media_type="image/png")


def _unkept(picture: Response) -> Response:
    picture.headers.update(UNKEPT)
    return picture


def _natural(number: int) -> int:
    """A number from 1 on, since -1 would be the last."""
    if number < 1:
        raise _missing()
    return number


def _missing() -> RefusedError:
    return RefusedError(404, "there is no such part of the study", code="not_found")
