"""What an export takes from the files of its model besides weights: its name, its chat template, its tokenizer.

A checkpoint with an adapter merged into it, or one quantised on loading, has the files of the one below it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osler.adapt.export.sentencepiece_vocabulary import model_vocabulary
from osler.adapt.export.vocabulary import Vocabulary, gguf_vocabulary, json_vocabulary, read_tokenizer_json
from osler.tasks.load import DEMONSTRATION
from osler.weights.checkpoint import Checkpoint
from osler.weights.generation import generation_of
from osler.weights.safetensors_folder import read_json

__all__ = ["Source", "source_of"]

_GGUF_NAMES = ("general.name", "general.basename", "general.base_model.0.name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The files of a model.

    Attributes:
        folder: the safetensors folder, None for a GGUF file.
        metadata: the GGUF file's metadata, empty for a folder.
        name: what the model is called, such as "medgemma-1.5-4b-it": one that tells its generation where any does.
    """

    folder: Path | None
    metadata: dict[str, Any]
    name: str

    def vocabulary(self, rows: int) -> Vocabulary:
        """The tokenizer's table, with a token for each row of the embedding."""
        if self.folder is None:
            return gguf_vocabulary(self.metadata).resized(rows)
        if (self.folder / "tokenizer.model").is_file() and not (self.folder / "tokenizer.json").is_file():
            return model_vocabulary(self.folder).resized(rows)
        return json_vocabulary(read_tokenizer_json(self.folder / "tokenizer.json")).resized(rows)

    def chat_template(self) -> str:
        """The model's own template, else Gemma's."""
        own = self.metadata.get("tokenizer.chat_template") if self.folder is None else _template_in(self.folder)
        if isinstance(own, str) and own.strip():
            return own
        return (DEMONSTRATION / "chat_template.jinja").read_text(encoding="utf-8")


def source_of(checkpoint: Checkpoint) -> Source:
    """The files that a checkpoint was opened from."""
    path = checkpoint.path.resolve()
    if path.is_dir():
        config = read_json(path / "config.json")
        names = [config.get("_name_or_path"), path.name]
        return Source(folder=path, metadata={}, name=_best_name(names, checkpoint))
    from osler.weights.gguf_file import open_gguf

    metadata = open_gguf(path)[0].metadata
    names = [*(metadata.get(key) for key in _GGUF_NAMES), path.stem]
    return Source(folder=None, metadata=metadata, name=_best_name(names, checkpoint))


def _best_name(names: list[Any], checkpoint: Checkpoint) -> str:
    """The first name that tells the model's generation as the checkpoint does, else the first there is."""
    told = [name for name in names if isinstance(name, str) and name.strip()]
    fitting = [name for name in told if generation_of([name]) == checkpoint.recipe]
    return Path((fitting or told)[0]).name


def _template_in(folder: Path) -> str | None:
    """A safetensors folder's chat template: a file of its own, or inside another as older ones have it."""
    if (folder / "chat_template.jinja").is_file():
        return (folder / "chat_template.jinja").read_text(encoding="utf-8")
    for name in ("chat_template.json", "tokenizer_config.json"):
        try:
            found = json.loads((folder / name).read_bytes()).get("chat_template")
        except (OSError, ValueError, AttributeError):
            continue
        if isinstance(found, str):
            return found
    return None
