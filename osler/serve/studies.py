"""`/v1/studies`: uploads that belong together, planned as `osler ask` would plan them."""

import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from osler.errors import OslerError
from osler.serve.file_names import label_of, named
from osler.serve.files import vault_of
from osler.serve.planned import count_tokens, plans_of
from osler.serve.private import cannot_keep, hidden, new_folder
from osler.serve.refusal import RefusedError
from osler.serve.state import State, key_of, owner_of, state_of
from osler.serve.storage import room_of
from osler.serve.unpacking import unpack_archives
from osler.serve.vault import Stored, Vault, new_id
from osler.tasks.study_options import StudyOptions, as_tuples

__all__ = ["options_of", "router"]

router = APIRouter(tags=["studies"])


class NewStudy(BaseModel):
    """Uploads that are one study, and what is chosen of it (`StudyOptions` by name)."""

    file_ids: Annotated[list[str], Field(min_length=1, max_length=20_000)]
    options: dict[str, Any] = {}


@router.post("/v1/studies", summary="Make a study of uploads")
def create(sent: NewStudy, request: Request) -> dict[str, Any]:
    """Uploads become a study: told apart, grouped by the recipes, and described. Nothing is computed."""
    state, vault, owner = state_of(request), vault_of(request), owner_of(request)
    options = options_of(sent.options)
    room_of(vault, key_of(request))
    study_id = new_id("study")
    stored = [vault.file(file_id, owner=owner) for file_id in sent.file_ids]
    files = [{"id": one.id, "name": one.name, "sha256": one.sha256} for one in stored]
    folder = new_folder(vault.folder / "studies" / study_id)
    try:
        digest = _link(vault, stored, folder)
        unpack_archives(folder)
        with vault.scratch():
            described = {
                **{"name": stored[0].name, "num_files": len(stored), "num_bytes": _size_of(folder), "digest": digest},
                **_described(state, vault.study_path(study_id), options, files),
            }
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OslerError):
            without_paths(error, vault.folder, files)
        raise
    now = time.time()
    vault.database.insert(
        "studies",
        id=study_id,
        owner=owner,
        files=json.dumps(sent.file_ids),
        options=json.dumps(sent.options),
        described=json.dumps({**json.loads(vault.without_paths(json.dumps(described))), "files": files}),
        created=now,
        expires=now + vault.keep_s,
    )
    return _row_described(vault.database.one("studies", study_id))


@router.get("/v1/studies", summary="The studies that are there")
def studies(request: Request) -> dict[str, Any]:
    """Those of whoever asks, the newest first, without the names of their files."""
    rows = vault_of(request).database.where("studies", "owner = ?", owner_of(request))
    described = [_row_described(row) for row in reversed(rows)]
    return {"object": "list", "data": [{key: one[key] for key in one if key != "files"} for one in described]}


@router.get("/v1/studies/{study_id}", summary="One study")
def study(study_id: str, request: Request) -> dict[str, Any]:
    """What it holds, what would be sent of it, and how it can be viewed."""
    return _row_described(row_of(request, study_id))


@router.delete("/v1/studies/{study_id}", summary="Delete a study")
def delete(study_id: str, request: Request, with_jobs: bool = False) -> dict[str, Any]:
    """Its files go with it, and jobs that need it are stopped; `with_jobs` deletes what jobs made of it, too."""
    jobs, vault, owner = state_of(request).jobs, vault_of(request), owner_of(request)
    assert jobs is not None  # where there are uploads, there are jobs
    jobs.delete_study(vault.study(study_id, owner=owner)["id"], owner=owner, with_jobs=with_jobs)
    return {"id": study_id, "object": "study", "deleted": True}


def row_of(request: Request, study_id: str) -> dict[str, Any]:
    """The row of a study.

    Raises:
        RefusedError: there is none of that id that is whoever asks's.
    """
    return vault_of(request).study(study_id, owner=owner_of(request))


def options_of(given: Mapping[str, Any]) -> StudyOptions:
    """`StudyOptions` from JSON.

    Raises:
        RefusedError: an option is unknown.
        InputError: one makes no sense.
    """
    known = {field.name for field in fields(StudyOptions)} - {"allow_phi"}
    for name in given:
        if name not in known:
            raise RefusedError(
                400, f"unknown option `{name[:64]}`: expected {', '.join(sorted(known))}", param="options"
            )
    try:
        return StudyOptions(**{name: as_tuples(value) for name, value in given.items()})
    except TypeError as error:
        raise RefusedError(400, f"an option is of a wrong type: {error}", param="options") from None


def without_paths(error: OslerError, folder: Path, files: Sequence[Mapping[str, str]]) -> OslerError:
    """The same error, with the names that a client knows, and not where this machine keeps its files."""
    error.message = named(hidden(error.message, folder), files)
    return error


def _link(vault: Vault, files: Sequence[Stored], folder: Path) -> str:
    """Put files into the study's folder; the digest of all of them."""
    digest = sha256()
    for number, stored in enumerate(files):
        digest.update(stored.sha256.encode())
        path, place = vault.path_of(stored.id, owner=stored.owner), folder / f"{number:06}"
        try:
            os.link(path, place)
        except FileNotFoundError:
            raise RefusedError(404, f"there is no `{stored.id}`", code="not_found", param="file_ids") from None
        except OSError:  # a file system without links, or one with too many of them
            _copy(path, place)
    return digest.hexdigest()


def _size_of(folder: Path) -> int:
    """Bytes of the files in a folder, and below it."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def _copy(path: Path, place: Path) -> None:
    try:
        shutil.copyfile(path, place)
    except OSError as error:
        raise cannot_keep(error.strerror) from error


def _described(state: State, path: Path, options: StudyOptions, files: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """What a study holds and what would be sent of it, from its headers."""
    from osler.tasks.contents import contents_of

    plans = plans_of(path, options, recipe=options.recipe or state.model.identity.recipe or "1.5")
    contents = contents_of([str(path)], options)
    return {
        "kind": plans[0].kind if plans else "other",
        "num_images": sum(plan.num_images for plan in plans),
        "prompt_tokens": count_tokens(state.model, plans, options),
        "sources": [
            {"kind": plan.kind, "label": label_of(plan.label, files), "num_images": plan.num_images} for plan in plans
        ],
        "series": [asdict(row) for row in contents.rows],
        "notes": list(contents.notes),
    }


def _row_described(row: dict[str, Any] | None) -> dict[str, Any]:
    assert row is not None
    return {
        "id": row["id"],
        "object": "study",
        **json.loads(row["described"]),
        "views": f"/v1/studies/{row['id']}/views",
        "viewers": f"/v1/studies/{row['id']}/viewers",
        "created_at": int(row["created"]),
        "expires_at": int(row["expires"]),
    }
