"""`/v1/files` and `/v1/uploads`: what clients bring, whole or in parts, by OpenAI's protocol."""

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from osler.serve.refusal import RefusedError
from osler.serve.state import key_of, owner_of, state_of
from osler.serve.storage import room_of
from osler.serve.vault import Stored, Vault

__all__ = ["described", "router", "vault_of"]

router = APIRouter(tags=["files"])

Purpose = Annotated[str, Form(max_length=64)]


class NewUpload(BaseModel):
    """An upload that will come in parts."""

    filename: Annotated[str, Field(min_length=1, max_length=1024)]
    bytes: Annotated[int, Field(ge=1)]
    mime_type: Annotated[str, Field(max_length=255)] = "application/octet-stream"
    purpose: Annotated[str, Field(max_length=64)] = "user_data"


class Completion(BaseModel):
    """The parts of an upload, in order."""

    part_ids: Annotated[list[str], Field(min_length=1, max_length=100_000)]


@router.post("/v1/files", summary="Upload a file")
async def upload(
    request: Request, file: Annotated[UploadFile, File()], purpose: Purpose = "user_data"
) -> dict[str, Any]:
    """Upload a picture, DICOM file, ZIP of a study, slide, PDF or FHIR record; it is deleted after a time."""
    vault, owner = vault_of(request), owner_of(request)

    def add() -> Stored:
        room = room_of(vault, key_of(request), announced=file.size or 0)
        return vault.add(file.file, owner=owner, name=file.filename or "upload", purpose=purpose, most_bytes=room)

    return described(await run_in_threadpool(add))


@router.get("/v1/files", summary="What was uploaded")
def files(request: Request, limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000) -> dict[str, Any]:
    """The uploads of whoever asks."""
    found = vault_of(request).files(owner=owner_of(request))
    return {"object": "list", "data": [described(one) for one in found[:limit]], "has_more": len(found) > limit}


@router.get("/v1/files/{file_id}", summary="One upload")
def file(file_id: str, request: Request) -> dict[str, Any]:
    """Its size, name and when it will be deleted."""
    return described(vault_of(request).file(file_id, owner=owner_of(request)))


@router.delete("/v1/files/{file_id}", summary="Delete an upload")
def delete(file_id: str, request: Request) -> dict[str, Any]:
    """Studies made of it keep their copy until they are deleted."""
    vault_of(request).delete(file_id, owner=owner_of(request))
    return {"id": file_id, "object": "file", "deleted": True}


@router.post("/v1/uploads", summary="Announce an upload in parts")
def begin(sent: NewUpload, request: Request) -> dict[str, Any]:
    """For what is too large for one request, or a connection that breaks off."""
    vault, owner = vault_of(request), owner_of(request)
    room_of(vault, key_of(request), announced=sent.bytes)
    upload_id = vault.parts.begin(
        owner=owner, name=sent.filename, purpose=sent.purpose, size_bytes=sent.bytes, mime_type=sent.mime_type
    )
    return _upload(vault, upload_id, owner)


@router.post("/v1/uploads/{upload_id}/parts", summary="Send a part")
async def add_part(upload_id: str, request: Request, data: Annotated[UploadFile, File()]) -> dict[str, Any]:
    """Parts may come in any order, several at a time."""
    vault, owner = vault_of(request), owner_of(request)
    part = await run_in_threadpool(vault.parts.add, upload_id, data.file, owner=owner)
    created = int(float(str(vault.parts.one(upload_id, owner=owner)["created"])))
    return {"id": part, "object": "upload.part", "created_at": created, "upload_id": upload_id}


@router.post("/v1/uploads/{upload_id}/complete", summary="Join the parts")
def complete(upload_id: str, sent: Completion, request: Request) -> dict[str, Any]:
    """The parts in the order of the list become one file."""
    vault, owner = vault_of(request), owner_of(request)
    stored = vault.parts.complete(upload_id, sent.part_ids, owner=owner)
    return {**_upload(vault, upload_id, owner), "file": described(stored)}


@router.post("/v1/uploads/{upload_id}/cancel", summary="Throw the parts away")
def cancel(upload_id: str, request: Request) -> dict[str, Any]:
    """Nothing of the upload is kept."""
    vault, owner = vault_of(request), owner_of(request)
    vault.parts.cancel(upload_id, owner=owner)
    return _upload(vault, upload_id, owner)


def vault_of(request: Request) -> Vault:
    """Where a server's uploads are.

    Raises:
        RefusedError: it takes none.
    """
    uploads = state_of(request).uploads
    if not isinstance(uploads, Vault):
        raise RefusedError(501, "this server takes no uploads", kind="server_error", code="no_uploads")
    return uploads


def described(stored: Stored) -> dict[str, Any]:
    """An upload as OpenAI's file object."""
    return {
        "id": stored.id,
        "object": "file",
        "bytes": stored.size_bytes,
        "created_at": int(stored.created),
        "expires_at": int(stored.expires),
        "filename": stored.name,
        "purpose": stored.purpose,
        "status": "processed",
    }


def _upload(vault: Vault, upload_id: str, owner: str) -> dict[str, Any]:
    row = vault.parts.one(upload_id, owner=owner)
    return {
        "id": upload_id,
        "object": "upload",
        "bytes": row["size_bytes"],
        "filename": row["name"],
        "purpose": row["purpose"],
        "status": row["status"],
        "created_at": int(float(str(row["created"]))),
        "expires_at": int(float(str(row["expires"]))),
        "file": None,
    }
