"""tokenizer.json, and the files beside it, made from the vocabulary of a GGUF file.

Made from Gemma's published GGUF vocabulary, the merges are those of its published tokenizer.json
(tests/parity/test_exports.py): every pair of pieces that makes a piece, in the order of the pieces' scores. Runs of one
character come first, longer ones before shorter.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from osler.adapt.export.vocabulary import Vocabulary
from osler.prompt.special import BOS, END_OF_IMAGE, EOS, IMAGE_SOFT_TOKEN, PAD, START_OF_IMAGE
from osler.weights.pieces import SPACE_MARK, SPECIAL, UNKNOWN
from osler.weights.sentencepiece_model import PieceType

__all__ = ["SPECIAL_TOKENS", "tokenizer_config", "tokenizer_json"]

SPECIAL_TOKENS = {
    "bos_token": BOS,
    "eos_token": EOS,
    "pad_token": PAD,
    "unk_token": UNKNOWN,
    "boi_token": START_OF_IMAGE,
    "eoi_token": END_OF_IMAGE,
    "image_token": IMAGE_SOFT_TOKEN,
}
"""special_tokens_map.json."""

_ADDED = (PieceType.CONTROL, PieceType.USER_DEFINED, PieceType.UNKNOWN)
_FLAGS = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
_RUNS = ("\n", SPACE_MARK, "\t")


def tokenizer_json(vocabulary: Vocabulary) -> str:
    """The file's text. Padding tokens, which stand for no text, are left out."""
    names = _names(vocabulary)
    added = {index: name for index, name in names.items() if vocabulary.types[index] in _ADDED}
    table = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, "content": name, **_FLAGS, "special": name in SPECIAL} for i, name in added.items()],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": SPACE_MARK},
        "pre_tokenizer": None,
        "post_processor": _beginning(names),
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": SPACE_MARK}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": UNKNOWN,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": {name: index for index, name in names.items() if name != IMAGE_SOFT_TOKEN},
            "merges": _merges(names, vocabulary),
        },
    }
    return json.dumps(table, ensure_ascii=False)


def tokenizer_config(vocabulary: Vocabulary, context: int) -> dict[str, Any]:
    """tokenizer_config.json, without the chat template, which has a file of its own."""
    names = _names(vocabulary)
    added = {
        str(index): {"content": name, **_FLAGS, "special": name in SPECIAL}
        for index, name in names.items()
        if vocabulary.types[index] in _ADDED
    }
    return {
        "add_bos_token": True,
        "add_eos_token": False,
        "added_tokens_decoder": added,
        **SPECIAL_TOKENS,
        "extra_special_tokens": {name: SPECIAL_TOKENS[name] for name in ("boi_token", "eoi_token", "image_token")},
        "clean_up_tokenization_spaces": False,
        "model_max_length": context,
        "processor_class": "Gemma3Processor",
        "spaces_between_special_tokens": False,
        "tokenizer_class": "GemmaTokenizerFast",
        "use_default_system_prompt": False,
    }


def _names(vocabulary: Vocabulary) -> dict[int, str]:
    """Id -> token as tokenizer.json spells it: runs of spaces in user-defined tokens are runs of ▁ there."""
    names = {}
    for index, (token, kind) in enumerate(zip(vocabulary.tokens, vocabulary.types.tolist(), strict=True)):
        if kind != PieceType.UNUSED:
            text = token.decode("utf-8", errors="replace")
            names[index] = text.replace(" ", SPACE_MARK) if kind == PieceType.USER_DEFINED else text
    return names


def _beginning(names: dict[int, str]) -> dict[str, Any]:
    """What puts <bos> in front."""
    index = next(index for index, name in names.items() if name == BOS)
    first = {"SpecialToken": {"id": BOS, "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [first, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [first, {"Sequence": {"id": "A", "type_id": 0}}, first, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {BOS: {"id": BOS, "ids": [index], "tokens": [BOS]}},
    }


def _merges(names: dict[int, str], vocabulary: Vocabulary) -> list[list[str]]:
    ids = {name: index for index, name in names.items()}
    runs = [name for name in ids if len(name) > 1 and len(set(name)) == 1 and name[0] in _RUNS]
    pairs = [(name[:cut], name[cut:]) for name in runs for cut in range(1, len(name)) if _is_pair(name, cut, ids)]
    pairs.sort(key=lambda pair: (-len(pair[0]), -len(pair[1]), _RUNS.index(pair[0][0])))
    normal = np.flatnonzero(vocabulary.types == PieceType.NORMAL)
    order = normal[np.argsort(-vocabulary.scores[normal], kind="stable")].tolist()
    pieces = [names[index] for index in order if len(names[index]) > 1]
    return [list(pair) for pair in [*pairs, *(pair for piece in pieces for pair in _ways(piece, ids))]]


def _is_pair(name: str, cut: int, ids: dict[str, int]) -> bool:
    return name[:cut] in ids and name[cut:] in ids


def _ways(piece: str, ids: dict[str, int]) -> Sequence[tuple[str, str]]:
    """The pairs that make a piece, those of the earliest ids first."""
    found = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece)) if _is_pair(piece, cut, ids)]
    return sorted(found, key=lambda pair: (ids[pair[0]], ids[pair[1]]))
