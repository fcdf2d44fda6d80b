"""`osler cache`: what is kept on the disk, and clearing it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from osler.cli.console import print_data, print_json, print_note, print_text, size_text

if TYPE_CHECKING:
    from osler.tasks.kept_files import KeptFiles

__all__ = ["cache"]


def cache(
    parts: Annotated[
        list[str] | None, typer.Argument(metavar="[PART]…", help="vectors, fetched, indexes, weights or models.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Delete these parts; without any, all but models.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what Osler keeps on this disk and how much it takes, or clear it."""
    from osler.folders import cache_folder
    from osler.tasks.kept_files import clear as clear_parts
    from osler.tasks.kept_files import kept_files

    found = clear_parts(parts or ()) if clear else kept_files(parts or ())
    if json:
        print_json({"folder": str(cache_folder()), "cleared": clear, "parts": [kept.to_dict() for kept in found]})
        return
    total = size_text(sum(kept.size_bytes for kept in found))
    if clear:
        print_note(f"cleared {', '.join(kept.part for kept in found)}: {total}")
        return
    print_text(f"{cache_folder()}\n")
    print_data(_table(found))
    print_text(f"\n{total} in all. osler cache --clear [PART]… deletes them.")


def _table(found: "Sequence[KeptFiles]") -> Any:
    from rich import box
    from rich.table import Table

    from osler.tasks.kept_files import PARTS

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("PART", no_wrap=True)
    table.add_column("FILES", justify="right", no_wrap=True)
    table.add_column("SIZE", justify="right", no_wrap=True)
    table.add_column("HOLDS")
    for kept in found:
        table.add_row(kept.part, f"{kept.num_files:,}", size_text(kept.size_bytes), PARTS[kept.part])
    return table
