"""`/v1/studies/{id}/views`: the images exactly as the model would see them, drawn once and kept beside the study.

They lie on the disk and not in memory: a CT of 85 slices is 200 MB of pixels, but 20 MB of PNG files, which are there
at once the next time, after a restart too, and go with the study.
"""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from osler.errors import OslerError
from osler.imaging.png import png_of
from osler.serve.file_names import files_of, named
from osler.serve.files import vault_of
from osler.serve.private import new_folder, write_private
from osler.serve.refusal import RefusedError
from osler.serve.state import state_of
from osler.serve.studies import options_of, row_of, without_paths
from osler.serve.vault import Vault
from osler.tasks.question import Question, prepare_question

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["router"]

router = APIRouter(tags=["studies"])

INDEX = "views.json"
KEPT = {"Cache-Control": "private, max-age=3600"}


@router.get("/v1/studies/{study_id}/views", summary="What the model sees")
async def views(study_id: str, request: Request) -> dict[str, Any]:
    """The images exactly as the model would see them, what was done to each, and the words beside them."""
    _, drawn = await _drawn(request, study_id)
    index = named(drawn, files_of(row_of(request, study_id)))
    numbered = enumerate(index["records"], start=1)
    return {
        "object": "list",
        "prompt": index["prompt"],
        "prompt_tokens": index["prompt_tokens"],
        "sources": index["sources"],
        "data": [
            {"number": number, "url": f"/v1/studies/{study_id}/views/{number}.png", **record}
            for number, record in numbered
        ],
    }


@router.get("/v1/studies/{study_id}/views/{number}.png", summary="One image as the model sees it")
async def view(study_id: str, number: int, request: Request) -> FileResponse:
    """The very pixels that the vision tower gets."""
    folder, index = await _drawn(request, study_id)
    count = len(index["records"])
    if not 1 <= number <= count:
        raise RefusedError(404, f"there are {count} images", code="not_found")
    return FileResponse(folder / _name(number), media_type="image/png", headers=KEPT)


async def _drawn(request: Request, study_id: str) -> tuple[Path, dict[str, Any]]:
    """The folder of a study's images, drawn if they were not, and what is known of them."""
    model, vault, row = state_of(request).model, vault_of(request), row_of(request, study_id)
    return await run_in_threadpool(_kept, model, vault, row)


def _kept(model: "Model", vault: Vault, row: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    folder = vault.folder / "views" / row["id"]
    made_for = f"{model.identity.weights_id} {model.image_px} {model.context}"
    if (index := _read(folder, made_for)) is not None:
        return folder, index
    with vault.drawing:  # one study at a time: each takes all processors
        if (index := _read(folder, made_for)) is not None:
            return folder, index
        path, options = str(vault.study_path(row["id"])), options_of(json.loads(row["options"]))
        try:
            with vault.scratch():
                question = prepare_question(model, path, "", study=options, silent=True)
        except OslerError as error:
            without_paths(error, vault.folder, files_of(row))
            raise
        index = _draw(vault, folder, question, made_for)
    if vault.database.one("studies", row["id"]) is None:  # deleted meanwhile
        shutil.rmtree(folder, ignore_errors=True)
        raise RefusedError(404, "the study was deleted", code="not_found", param="study_id")
    return folder, index


def _read(folder: Path, made_for: str) -> dict[str, Any] | None:
    """What was drawn for this very model; None where nothing was."""
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_bytes())
    except (OSError, ValueError):
        return None
    return index if index.get("made_for") == made_for else None


def _draw(vault: Vault, folder: Path, question: Question, made_for: str) -> dict[str, Any]:
    """Write the images, and last of all what is known of them.

    Raises:
        RefusedError: the disk does not take it; nothing stays.
    """
    prepared = question.prepared
    index: dict[str, Any] = {
        "made_for": made_for,
        "prompt": prepared.prompt.text,
        "prompt_tokens": prepared.budget.prompt_tokens,
        "sources": [asdict(source) for source in prepared.sources],
        "records": [asdict(record) for record in prepared.records],
    }
    shutil.rmtree(folder, ignore_errors=True)
    new_folder(folder)
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            numbers = range(1, len(prepared.squares) + 1)
            content = pool.map(png_of, prepared.squares)
            for number, image in zip(numbers, content, strict=True):
                write_private(folder / _name(number), image)
        told = vault.without_paths(json.dumps(index, default=str))
        write_private(folder / INDEX, told.encode())
    except RefusedError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    index = json.loads(told)
    return index


def _name(number: int) -> str:
    return f"{number:06}.png"
