"""What the verbs over MedSigLIP share: its options, and opening it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from osler.cli.console import print_note
from osler.cli.options import option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from osler.tasks.medsiglip import MedSiglip
    from osler.tasks.search import PictureIndex

__all__ = ["EACH_HELP", "MedSiglipOptions", "opened_index", "print_notes"]

EACH_HELP = "Take every file of a folder by itself, of however many studies; those that cannot be read are left out."
NAMED = 5

PANEL = "MedSigLIP"


@dataclass(frozen=True, slots=True, kw_only=True)
class MedSiglipOptions:
    """Which weights, and how pictures reach them: the arguments of `osler.load_medsiglip`."""

    model: Annotated[
        str | None,
        option(
            "MedSigLIP's folder (else $OSLER_MEDSIGLIP, else what `osler models pull google/medsiglip-448` fetched).",
            PANEL,
            "--model",
            "-m",
            metavar="PATH",
        ),
    ] = None
    precision: Annotated[Literal["bf16", "f32"], option("bf16 (default), or f32: slower and exact.", PANEL)] = "bf16"
    threads: Annotated[int | None, option("Processor threads (default: one a core).", PANEL, min=1)] = None
    resizing: Annotated[
        Literal["training", "averaging"],
        option(
            "As in training and for the published scores (default), or averaging, as Hugging Face's processor.", PANEL
        ),
    ] = "training"
    no_pad: Annotated[
        bool, option("Stretch pictures to a square instead of padding them (Hugging Face's way).", PANEL, "--no-pad")
    ] = False

    def has_head(self) -> bool:
        """Whether the model was tuned for labels of its own."""
        from osler.tasks.medsiglip import MEDSIGLIP_VARIABLE
        from osler.tasks.tuned_head import HEAD_FILE

        folder = self.model or os.environ.get(MEDSIGLIP_VARIABLE, "")
        return bool(folder) and (Path(folder).expanduser() / HEAD_FILE).is_file()

    def open(self) -> "MedSiglip":
        """MedSigLIP; its towers are built when they are first needed."""
        from osler.tasks.medsiglip import load_medsiglip

        found = load_medsiglip(
            self.model,
            precision=self.precision,
            threads=self.threads,
            resizing=self.resizing,
            pad=not self.no_pad,
        )
        print_note(f"model: {found.description}", style="dim")
        return found


def opened_index(folder: str, medsiglip: "MedSiglip", place: Path | None) -> "PictureIndex":
    """A folder's index, brought up to date; says what that took, and what of the folder is not in it."""
    from osler.tasks.search import PictureIndex

    index = PictureIndex(folder, medsiglip, place=place)
    update = index.update()
    if update.num_added or update.num_removed:
        print_note(
            f"index: {update.num_added} files read, {update.num_kept} known already, {update.num_removed} gone, "
            f"{update.skipped} without a picture",
            style="dim",
        )
    print_notes(update.notes)
    if update.unreadable:
        named = "; ".join(f"{name} ({why})" for name, why in [*update.unreadable.items()][:NAMED])
        more = f"; and {len(update.unreadable) - NAMED:,} others" if len(update.unreadable) > NAMED else ""
        print_notes([f"not searched, because not readable: {named}{more}"])
    return index


def print_notes(notes: "Iterable[str]") -> None:
    """What a person should know, to stderr."""
    for note in notes:
        print_note(f"note: {note}", style="yellow")
