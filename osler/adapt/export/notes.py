"""What the user should know of an export because of where it comes from."""

from osler.adapt.export.source import source_of
from osler.model.matrix import GroupedMatrix
from osler.weights.adapted import AdaptedCheckpoint
from osler.weights.checkpoint import Checkpoint

__all__ = ["source_notes", "tokenizer_notes"]


def source_notes(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Sentences about weights, eyes and tokenizer."""
    notes = []
    base = checkpoint.base if isinstance(checkpoint, AdaptedCheckpoint) else checkpoint
    if isinstance(base.matrix("text.layers.0.query"), GroupedMatrix):
        notes.append(
            f"The source is quantised ({base.description}): its numbers are written as they are read, and nothing is"
            " regained. Export from the published safetensors where you have them."
        )
    if checkpoint.config.vision is None:
        notes.append("The model reads no images: " + (checkpoint.vision_note or "it has no vision weights") + ".")
    return tuple(notes)


def tokenizer_notes(checkpoint: Checkpoint) -> tuple[str, ...]:
    """A sentence where llama.cpp's kind of tokenizer cannot promise to cut every text as the source's does."""
    if source_of(checkpoint).vocabulary(checkpoint.config.text.vocabulary_size).is_closed:
        return ()
    return (
        "The tokenizer forbids some merges that its pieces allow, which GGUF cannot tell: rare words may be cut"
        " otherwise than by tokenizer.json. Gemma's own tokenizer has no such gaps.",
    )
