"""`osler serve`: an OpenAI-compatible server on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osler.cli.console import print_note
from osler.cli.options import LOADING, ModelOptions, option, takes

if TYPE_CHECKING:
    from osler.serve.settings import Settings

__all__ = ["serve"]

LIMITS, ACCESS, STORAGE = "Limits", "Access", "Uploads"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessOptions:
    """Who may ask, by which way, and what may be fetched for them."""

    keys: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Let in only who has one of these keys (osler keys add).", rich_help_panel=ACCESS
        ),
    ] = None
    known_as: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="A name by which clients reach this server.", rich_help_panel=ACCESS),
    ] = None
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="Another site whose pages may call this server.", rich_help_panel=ACCESS),
    ] = None
    allow_image_host: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="A host that images may be fetched from.", rich_help_panel=ACCESS),
    ] = None
    tls_certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificate for HTTPS (PEM).", rich_help_panel=ACCESS)
    ] = None
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its private key (PEM).", rich_help_panel=ACCESS)
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOptions:
    """How much at once, and how long."""

    streams: Annotated[
        int, typer.Option(min=1, help="Answers of full length computed at once.", rich_help_panel=LIMITS)
    ] = 4
    max_requests: Annotated[
        int, typer.Option(min=1, help="Answers in work or waiting; more are refused.", rich_help_panel=LIMITS)
    ] = 64
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds after which an answer is cut off.", rich_help_panel=LIMITS)
    ] = 3600
    grace: Annotated[
        float, typer.Option(min=0, help="Seconds that answers in work get when it ends.", rich_help_panel=LIMITS)
    ] = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOptions:
    """What clients bring: where it is kept, how long, and how large it may be."""

    data_dir: Annotated[
        Path | None,
        typer.Option(help="Where uploads, studies and jobs are kept.", show_default=False, rich_help_panel=STORAGE),
    ] = None
    keep: Annotated[
        float, typer.Option(min=0.01, help="Hours after which they are deleted.", rich_help_panel=STORAGE)
    ] = 24
    max_upload: Annotated[int, typer.Option(min=1, metavar="MIB", help="Largest upload.", rich_help_panel=STORAGE)] = (
        4096
    )


@takes
def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but this machine's own asks for --keys.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any that is free.")] = 8000,
    name: Annotated[
        str | None, typer.Option(help="How clients call the model (default: from its file).", show_default=False)
    ] = None,
    allowed: AccessOptions,
    limits: LimitOptions,
    uploads: UploadOptions,
    medsiglip: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="MedSigLIP's folder, for /v1/embeddings (osler models pull google/medsiglip-448).",
            show_default=False,
        ),
    ] = None,
    loading: ModelOptions,
    adapter: Annotated[
        list[str] | None,
        option("A LoRA adapter as a model of its own name (may be repeated).", LOADING, metavar="NAME=DIR"),
    ] = None,
) -> None:
    """Serve a model to OpenAI's clients: http://127.0.0.1:8000/v1.

    osler serve --model medgemma-1.5-4b-it-Q4_K_M.gguf

    osler serve --model medgemma-1.5-4b-it --adapter chest=tuned/chest --adapter skin=tuned/skin
    """
    from osler.folders import server_folder
    from osler.serve.access import Access, check_origins
    from osler.serve.run import run

    access = Access(
        host=host,
        port=port,
        keys=allowed.keys,
        names=tuple(allowed.known_as or ()),
        certificate=allowed.tls_certificate,
        private_key=allowed.tls_key,
    )
    access.check()
    check_origins(allowed.allow_origin or (), has_keys=allowed.keys is not None)
    model = loading.opened(named_adapters(adapter or ()), sequences=limits.streams)
    embedder = None
    if medsiglip is not None:
        from osler.tasks.medsiglip import load_medsiglip

        embedder = load_medsiglip(medsiglip, precision=loading.precision, threads=loading.threads)
    run(
        model,
        name=name,
        access=access,
        settings=settings_of(allowed, limits, uploads),
        folder=uploads.data_dir or server_folder(),
        tell=print_note,
        medsiglip=embedder,
    )


def named_adapters(given: Sequence[str]) -> dict[str, Path]:
    """Folders by name.

    >>> named_adapters(["chest=tuned/chest"])["chest"].name
    'chest'
    """
    named: dict[str, Path] = {}
    for one in given:
        name, equals, folder = one.partition("=")
        if not (name and equals and folder):
            raise typer.BadParameter(f"expected NAME=DIR, got {one!r}", param_hint="--adapter")
        if name in named:
            raise typer.BadParameter(f"`{name}` is named twice", param_hint="--adapter")
        named[name] = Path(folder)
    return named


def settings_of(allowed: AccessOptions, limits: LimitOptions, uploads: UploadOptions) -> "Settings":
    """The server's settings as a person chose them."""
    from osler.serve.settings import MIB, Settings

    return Settings(
        max_requests=limits.max_requests,
        request_timeout_s=limits.timeout,
        grace_s=limits.grace,
        keep_s=uploads.keep * 3600,
        max_file_bytes=uploads.max_upload * MIB,
        origins=tuple(allowed.allow_origin or ()),
        image_hosts=tuple(allowed.allow_image_host or ()),
    )
