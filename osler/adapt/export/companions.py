"""The files of a Hugging Face folder besides its weights: copied from one, or made of a GGUF file's metadata."""

import json
import shutil
from pathlib import Path
from typing import Any

from osler.adapt.export.huggingface_config import (
    TokenIds,
    config_json,
    generation_json,
    preprocessor_json,
    processor_json,
)
from osler.adapt.export.source import Source, source_of
from osler.adapt.export.tokenizer_json import SPECIAL_TOKENS, tokenizer_config, tokenizer_json
from osler.adapt.export.vocabulary import Vocabulary, gguf_vocabulary
from osler.errors import WeightsError
from osler.prompt.special import BOS, EOS, GEMMA_IDS, IMAGE_SOFT_TOKEN, PAD
from osler.tasks.load import MARK, is_demonstration
from osler.weights.adapted import AdaptedCheckpoint
from osler.weights.checkpoint import PLACEHOLDER_ROWS, Checkpoint
from osler.weights.safetensors_folder import read_json

__all__ = ["GGUF_BECOMES", "embedding_rows", "write_companions"]

GGUF_BECOMES = "BF16"
"""The number format of a folder made of a GGUF file, unless another is asked for: what Gemma 3 is published in."""

_DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}
_COPIED = frozenset(
    (
        "added_tokens.json",
        "chat_template.jinja",
        "chat_template.json",
        "generation_config.json",
        "preprocessor_config.json",
        "processor_config.json",
        "special_tokens_map.json",
        "tokenizer.json",
        "tokenizer.model",
        "tokenizer_config.json",
    )
)
_LEGAL = ("license", "notice", "use_policy", "usage_policy")


def write_companions(folder: Path, checkpoint: Checkpoint, kind: str | None = None) -> None:
    """All of a published folder but the weights: configuration, tokenizer, chat template, licence.

    Args:
        folder: to write into.
        kind: F32, F16 or BF16 where all weights become that, for config.json to tell.

    Raises:
        WeightsError: there is no tokenizer, or none that can be written so.
    """
    source = source_of(checkpoint)
    if source.folder is None:
        _make_files(folder, checkpoint, source, kind or GGUF_BECOMES)
    else:
        _copy_files(folder, source.folder, checkpoint, kind)


def embedding_rows(checkpoint: Checkpoint, source: Source) -> int:
    """Rows of the embedding: a GGUF vocabulary that ends before <image_soft_token> gets the placeholders again."""
    rows = checkpoint.config.text.vocabulary_size
    if source.folder is not None or checkpoint.config.vision is None:
        return rows
    return rows if gguf_vocabulary(source.metadata).id_of(IMAGE_SOFT_TOKEN) is not None else rows + PLACEHOLDER_ROWS


def _copy_files(folder: Path, base: Path, checkpoint: Checkpoint, kind: str | None) -> None:
    """Copy what belongs to a model from its folder, and add what programs want and it lacks."""
    for path in sorted(base.iterdir()):
        if path.is_file() and (path.name in _COPIED or path.name.lower().startswith(_LEGAL)):
            shutil.copyfile(path, folder / path.name)
    original = (base / "config.json").read_bytes()
    values = _changed_config(json.loads(original), checkpoint, kind)
    if values == json.loads(original):
        (folder / "config.json").write_bytes(original)
    else:
        _write_json(folder / "config.json", values)
    _fill_in(folder, checkpoint)


def _changed_config(values: dict[str, Any], checkpoint: Checkpoint, kind: str | None) -> dict[str, Any]:
    """config.json, with what the export changes."""
    name = source_of(checkpoint).name
    if checkpoint.recipe is not None and not values.get("_name_or_path"):
        values["_name_or_path"] = name  # the folder's own name may no longer tell the generation
    if kind is not None:
        _set_dtype(values, _DTYPES[kind])
    if isinstance(checkpoint, AdaptedCheckpoint) and checkpoint.config.text != checkpoint.base.config.text:
        values["tie_word_embeddings"] = False
        if isinstance(values.get("text_config"), dict):
            values["text_config"]["tie_word_embeddings"] = False
    return values


def _set_dtype(values: dict[str, Any], dtype: str) -> None:
    """Say another number format wherever the configuration says one, and at its top."""
    tables = [
        values,
        *(table for key in ("text_config", "vision_config") if isinstance(table := values.get(key), dict)),
    ]
    for table in tables:
        for key in {"torch_dtype", "dtype"} & table.keys():
            table[key] = dtype
    if "dtype" not in values:
        values["torch_dtype"] = dtype


def _fill_in(folder: Path, checkpoint: Checkpoint) -> None:
    """Files that transformers and vLLM want and that the source lacks."""
    vision = checkpoint.config.vision
    if vision is not None and not (folder / "preprocessor_config.json").exists():
        processor = read_json(folder / "processor_config.json") if (folder / "processor_config.json").exists() else {}
        if "image_processor" not in processor:  # transformers 5 keeps both in one file
            _write_json(folder / "preprocessor_config.json", preprocessor_json(vision))
    if vision is not None and not (folder / "processor_config.json").exists():
        _write_json(folder / "processor_config.json", processor_json(vision))
    template = source_of(checkpoint).chat_template()
    if not any((folder / name).exists() for name in ("chat_template.jinja", "chat_template.json")):
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8")


def _make_files(folder: Path, checkpoint: Checkpoint, source: Source, kind: str) -> None:
    """All but the weights, from a GGUF file's metadata."""
    rows = embedding_rows(checkpoint, source)
    vocabulary = _with_soft_token(gguf_vocabulary(source.metadata), rows)
    ids = _token_ids(vocabulary)
    config = config_json(checkpoint.config, ids, rows, _DTYPES[kind])
    if checkpoint.recipe is not None:
        config["_name_or_path"] = source.name
    if is_demonstration(checkpoint.path):
        config[MARK] = True
    _write_json(folder / "config.json", config)
    _write_json(folder / "generation_config.json", generation_json(ids))
    _write_json(folder / "tokenizer_config.json", tokenizer_config(vocabulary, checkpoint.config.text.context_length))
    _write_json(folder / "special_tokens_map.json", SPECIAL_TOKENS)
    (folder / "tokenizer.json").write_text(tokenizer_json(vocabulary), encoding="utf-8")
    _fill_in(folder, checkpoint)


def _with_soft_token(vocabulary: Vocabulary, rows: int) -> Vocabulary:
    """The vocabulary with <image_soft_token> behind it where rows for it were added."""
    size = len(vocabulary.tokens)
    if rows == size:
        return vocabulary
    wider = vocabulary.resized(rows)
    tokens = list(wider.tokens)
    tokens[size] = IMAGE_SOFT_TOKEN.encode()
    types = wider.types.copy()
    types[size] = vocabulary.types[vocabulary.tokens.index(BOS.encode())]
    return Vocabulary(tokens=tuple(tokens), scores=wider.scores, types=types)


def _token_ids(vocabulary: Vocabulary) -> TokenIds:
    places = {token.decode("utf-8", errors="replace"): index for index, token in enumerate(vocabulary.tokens)}
    ids = {name: places[name] for name in GEMMA_IDS if name in places}
    missing = [name for name in (BOS, EOS, PAD) if name not in ids]
    if missing:
        raise WeightsError(
            f"cannot write a tokenizer: the vocabulary has no {missing[0]}", hint="use the weights of a Gemma 3 model"
        )
    return ids


def _write_json(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
