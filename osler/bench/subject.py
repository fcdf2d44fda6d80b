"""The model that is measured, known from its files without reading its weights."""

from dataclasses import dataclass
from pathlib import Path

from osler.tasks.load import model_path
from osler.values import FileRecord

__all__ = ["Subject", "look_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model on disk.

    Attributes:
        path: what Osler loads.
        gguf: the language model's GGUF file, None where the weights are in another format.
        projector: the GGUF file of its vision weights, if there is one.
        adapter: the folder of a LoRA adapter that it answers with, if it does.
        image_px: side of the images that it reads; None where it reads none, and `vision_note` says why.
    """

    path: Path
    description: str
    weights_id: str
    files: tuple[FileRecord, ...]
    gguf: Path | None
    projector: Path | None
    image_px: int | None
    vision_note: str
    context_length: int
    adapter: Path | None = None

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


def look_at(path: Path | None, adapter: Path | None = None) -> Subject:
    """The model at a path, or where that is None the one that `osler.load` would take.

    Args:
        adapter: the folder of an adapter to measure it with.

    Raises:
        WeightsError: there is none, or it is damaged; or the adapter is, or it is another model's.
    """
    from osler.weights.adapter import open_adapter
    from osler.weights.checkpoint import open_checkpoint

    checkpoint = open_checkpoint(model_path(path))
    tuned = None if adapter is None else open_adapter(adapter, checkpoint.config)
    vision, is_gguf = checkpoint.config.vision, checkpoint.files[0].kind == "gguf"
    projector = checkpoint.path.parent / checkpoint.files[-1].name if is_gguf and vision else None
    return Subject(
        path=checkpoint.path.absolute(),
        description=f"{checkpoint.description} with adapter {tuned.name}" if tuned else checkpoint.description,
        weights_id=f"{checkpoint.identity}+{tuned.identity}" if tuned else checkpoint.identity,
        files=checkpoint.files,
        gguf=checkpoint.path.absolute() if is_gguf else None,
        projector=projector.absolute() if projector else None,
        image_px=vision.image_px if vision else None,
        vision_note=checkpoint.vision_note,
        context_length=checkpoint.config.text.context_length,
        adapter=tuned.path.absolute() if tuned else None,
    )
