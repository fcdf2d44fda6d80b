"""`osler keys`: who may ask a server that listens to more than this machine."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from osler.cli.console import print_json, print_note

if TYPE_CHECKING:
    from osler.serve.keys import KeyRing

__all__ = ["app"]

app = typer.Typer(help="Make, list and remove the keys that `osler serve --keys FILE` asks for.", no_args_is_help=True)

KeyFile = Annotated[Path, typer.Option("--keys", metavar="FILE", help="The file of keys; made where there is none.")]
HERE = Path("osler-keys.json")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Whose key it is; stands in the server's log.")],
    *,
    keys: KeyFile = HERE,
    max_requests: Annotated[
        int | None,
        typer.Option(min=1, help="Answers at once, and jobs (default: the server's limits).", show_default=False),
    ] = None,
    tokens_a_minute: Annotated[
        int | None, typer.Option(min=1, help="Of prompts and answers (default: no limit).", show_default=False)
    ] = None,
    storage: Annotated[
        int | None,
        typer.Option(min=1, metavar="MIB", help="Uploads kept at a time (default: no limit).", show_default=False),
    ] = None,
) -> None:
    """Make a key and show it, this once."""
    secret = _ring(keys).add(name, max_requests=max_requests, tokens_a_minute=tokens_a_minute, storage_mib=storage)
    typer.echo(secret)
    print_note(f"this is shown once; `{keys}` holds only its digest")


@app.command(name="list")
def list_keys(
    *, keys: KeyFile = HERE, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Whose keys there are, and their limits."""
    rows = [{key: value for key, value in asdict(one).items() if key != "digest"} for one in _ring(keys).all()]
    if json:
        print_json(rows)
        return
    for row in rows:
        limits = ", ".join(f"{name} {value}" for name, value in row.items() if name != "name" and value is not None)
        typer.echo(f"{row['name']}{f'   {limits}' if limits else ''}")
    if not rows:
        print_note(f"there are no keys in `{keys}`")


@app.command()
def remove(name: Annotated[str, typer.Argument(help="Whose.")], *, keys: KeyFile = HERE) -> None:
    """Forget a key; a running server forgets it, too, and what it is answering it goes on with."""
    _ring(keys).remove(name)


def _ring(path: Path) -> "KeyRing":
    from osler.serve.keys import KeyRing

    return KeyRing(path)
