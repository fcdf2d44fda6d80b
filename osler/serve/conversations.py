"""`/v1/studies/{id}/conversation`: what was asked of a study and answered, kept beside it and deleted with it.

The chat route knows nothing of earlier requests, as OpenAI's does not; whoever wants a conversation found again puts it
here. The page does.
"""

import json
import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from osler.serve.files import vault_of
from osler.serve.private import new_folder, write_private
from osler.serve.studies import row_of

__all__ = ["router"]

router = APIRouter(tags=["studies"])

PATH = "/v1/studies/{study_id}/conversation"
MOST_TURNS = 400
MOST_CHARACTERS = 200_000
NAME = "turns.json"


class Turn(BaseModel):
    """One question or answer."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["user", "assistant"]
    text: Annotated[str, Field(max_length=MOST_CHARACTERS)]
    thinking: Annotated[str, Field(max_length=MOST_CHARACTERS)] = ""
    model: Annotated[str, Field(max_length=256, description="who answered, of /v1/models")] = ""
    finish: Annotated[str, Field(max_length=16)] = "stop"


class Conversation(BaseModel):
    """All of it, from its beginning."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"turns": [{"role": "user", "text": "Describe the film."}]}}
    )

    turns: Annotated[list[Turn], Field(max_length=MOST_TURNS)]


@router.get(PATH, summary="What was asked of a study")
def conversation(study_id: str, request: Request) -> dict[str, Any]:
    """The turns that were put here; none where nothing was."""
    try:
        turns = json.loads((_folder(request, study_id) / NAME).read_bytes())
    except OSError:
        turns = []
    return {"object": "conversation", "study_id": study_id, "turns": turns}


@router.post(PATH, summary="Keep a conversation")
def keep(study_id: str, sent: Conversation, request: Request) -> dict[str, Any]:
    """In place of what was kept of this study."""
    folder = _folder(request, study_id)
    new_folder(folder)
    write_private(folder / NAME, json.dumps([turn.model_dump() for turn in sent.turns]).encode())
    return {"object": "conversation", "study_id": study_id, "turns": sent.turns}


@router.delete(PATH, summary="Forget a conversation")
def forget(study_id: str, request: Request) -> dict[str, Any]:
    """The study stays."""
    shutil.rmtree(_folder(request, study_id), ignore_errors=True)
    return {"id": study_id, "object": "conversation", "deleted": True}


def _folder(request: Request, study_id: str) -> Path:
    return vault_of(request).folder / "talks" / str(row_of(request, study_id)["id"])
