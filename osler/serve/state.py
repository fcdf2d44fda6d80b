"""What the routes of one server share."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request

from osler.serve.admission import Admission
from osler.serve.pictures import Pictures
from osler.serve.settings import Settings
from osler.serve.uploads import Uploads
from osler.tasks.prepare import SamplingOptions

if TYPE_CHECKING:
    from osler.serve.jobs import Jobs
    from osler.serve.keys import Key
    from osler.tasks.medsiglip import MedSiglip
    from osler.tasks.model import Model

__all__ = ["State", "key_of", "owner_of", "state_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """One server.

    Attributes:
        model: what answers.
        name: how clients call it.
        admission: how many answers are in work.
        pool: threads that compute, or wait for the engine: as many as answers are admitted.
        uploads: what clients uploaded.
        jobs: what goes on in the background; None where there are no uploads.
        pictures: fetches pictures from addresses; None where that is not allowed.
        medsiglip: makes vectors of texts and pictures, where it is loaded.
    """

    model: "Model"
    name: str
    settings: Settings
    admission: Admission
    pool: ThreadPoolExecutor
    uploads: Uploads
    jobs: "Jobs | None" = None
    pictures: Pictures | None = None
    medsiglip: "MedSiglip | None" = None

    def within_limits(self, options: SamplingOptions) -> SamplingOptions:
        """Options with an answer no longer than this server writes."""
        most = self.settings.max_new_tokens
        if most is None:
            return options
        return {**options, "max_new_tokens": min(options.get("max_new_tokens", most), most)}


def state_of(request: Request) -> State:
    """The server that a request came to."""
    return request.app.state.osler


def key_of(request: Request) -> "Key | None":
    """The key that a request came with; None where the server asks for none."""
    key: Key | None = getattr(request.state, "key", None)
    return key


def owner_of(request: Request) -> str:
    """Whose request it is: the name of its key; "" where the server asks for none."""
    return getattr(request.state, "owner", "")
