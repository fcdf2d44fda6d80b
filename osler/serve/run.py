"""A server from its start to its end."""

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from osler.errors import InputError, MissingExtraError
from osler.serve.access import Access
from osler.serve.settings import Settings

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from osler.tasks.medsiglip import MedSiglip
    from osler.tasks.model import Model

__all__ = ["model_name", "run"]

KEEP_ALIVE_S = 15


def run(
    model: "Model",
    *,
    name: str | None,
    access: Access,
    settings: Settings,
    folder: Path,
    tell: Callable[[str], None],
    medsiglip: "MedSiglip | None" = None,
) -> None:
    """Serve until an interruption; answers in work are then given time to end.

    Args:
        name: how clients call the model; None for a name made from its file's.
        folder: where uploads, studies, jobs and the audit log are kept.
        tell: shows a person where the server listens.
        medsiglip: for `/v1/embeddings`; None for a server without.

    Raises:
        MissingExtraError: the extra `serve` is not installed.
        InputError: two models would be called alike, the address cannot be listened on, or the folder not be written
            to.
    """
    try:
        from osler.serve.app import create_app
        from osler.serve.database import Database
        from osler.serve.models import EMBEDDING
        from osler.serve.server import OrderlyServer
        from osler.serve.vault import Vault, private_folder
    except ImportError as error:
        raise MissingExtraError(
            f"cannot serve: {error.name} is not installed", hint="pip install 'osler[serve]'"
        ) from error

    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # it prints parts of forms that it cannot read
    called = name or model_name(model)
    _check_names(model, called, EMBEDDING)
    database = Database(private_folder(folder) / "server.sqlite")
    uploads = Vault(folder, database, keep_s=settings.keep_s, max_file_bytes=settings.max_file_bytes)
    tempfile.tempdir = str(private_folder(folder / "incoming"))  # forms are put aside where uploads are kept
    app = create_app(
        model,
        called,
        settings=settings,
        uploads=uploads,
        keys=access.ring(),
        hosts=access.names,
        audit=folder,
        medsiglip=medsiglip,
    )
    listening = access.listen()
    model.start(vision=model.config.vision is not None)
    url = access.url(listening)
    tell(f"{model.notice}\nserving {app.state.osler.name} at {url}/v1\na page for people is at {url}/")
    OrderlyServer(_config(app, access), app.state.osler, grace_s=settings.grace_s).run(sockets=[listening])


def _config(app: "FastAPI", access: Access) -> "uvicorn.Config":
    """How uvicorn is to serve an application."""
    import uvicorn

    from osler.serve.protocol import PatientProtocol

    return uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        log_level="critical",  # what goes wrong is told by the application, without anybody's data
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        server_header=False,
        ssl_certfile=access.certificate,
        ssl_keyfile=access.private_key,
    )


def _check_names(model: "Model", *names: str) -> None:
    """Refuse an adapter that would be called as another model of the server is.

    Args:
        names: of the models that are no adapters.

    Raises:
        InputError: there is one.
    """
    taken = sorted(set(names) & set(model.adapters))
    if taken:
        raise InputError(
            f"cannot call an adapter `{taken[0]}`: another model of this server is called so",
            hint="give it another NAME in --adapter NAME=DIR",
        )


def model_name(model: "Model") -> str:
    """A name for clients: the file's, without its ending."""
    if model.identity.is_demonstration:
        return "osler-nano"
    return model.identity.path.resolve().stem
