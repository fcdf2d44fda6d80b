"""The 2,048-piece tokenizer, built as Gemma 3's tokenizer.json is.

Ids 0..137 lie exactly where Gemma 3 has them: the special tokens, <unused0>..<unused98>,
the turn marks and the runs of 1 to 31 newlines. Then come 256 bytes, the characters and
the merges; the three image tokens close the table.

A space becomes "▁", unknown characters fall back to bytes, digits stand alone.
"""

import json
import random
from collections import Counter

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from nano import questions, wording
from nano.data import Film

VOCABULARY_SIZE = 2048
SPACE = "▁"
START = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "[multimodal]"]
UNUSED = [f"<unused{i}>" for i in range(99)]
TURNS = ["<start_of_turn>", "<end_of_turn>"]
NEWLINES = ["\n" * i for i in range(1, 32)]
BYTES = [f"<0x{value:02X}>" for value in range(256)]
IMAGE = ["<start_of_image>", "<end_of_image>", "<image_soft_token>"]
SPECIAL = START + UNUSED + TURNS + IMAGE
WORDS = Regex(f"{SPACE}?\\p{{L}}+|\\p{{N}}|{SPACE}?[^\\p{{L}}\\p{{N}}{SPACE}\\s]+|{SPACE}+|\\s+")


def build_tokenizer() -> Tokenizer:
    """Learn the merges from every wording and put the pieces into Gemma 3's order."""
    fixed = [*START, *UNUSED, *TURNS, *NEWLINES, *BYTES]
    pieces, merges = _learn(VOCABULARY_SIZE - len(fixed) - len(IMAGE))
    names = [*fixed, *pieces, *_spare(VOCABULARY_SIZE - len(fixed) - len(pieces) - len(IMAGE)), *IMAGE]
    vocabulary = {name: index for index, name in enumerate(names)}
    bpe = models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(bpe)
    tokenizer.normalizer = normalizers.Replace(" ", SPACE)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A", pair="<bos> $A <bos> $B", special_tokens=[("<bos>", vocabulary["<bos>"])]
    )
    tokenizer.add_tokens([AddedToken(run, normalized=False) for run in NEWLINES])
    tokenizer.add_special_tokens([AddedToken(name, normalized=False, special=True) for name in SPECIAL])
    return tokenizer


def _learn(size: int) -> tuple[list[str], list[tuple[str, str]]]:
    """Learn at most `size` pieces inside words; return them with the merges that make them."""
    learner = Tokenizer(models.BPE())
    learner.normalizer = normalizers.Replace(" ", SPACE)
    learner.pre_tokenizer = pre_tokenizers.Split(WORDS, "isolated")
    alphabet = [chr(code) for code in range(33, 127)] + [SPACE]
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    learner.train_from_iterator(corpus(), trainer)
    state = json.loads(learner.to_str())["model"]
    pieces = [name for name, _ in sorted(state["vocab"].items(), key=lambda item: item[1]) if "\n" not in name]
    return pieces, [tuple(pair) for pair in state["merges"]]


def _spare(number: int) -> list[str]:
    """Name the places that the merges left free."""
    return [f"<spare{i}>" for i in range(number)]


def corpus() -> list[str]:
    """Gather the wordings: every table, plus dealt questions with their answers."""
    lines = [text for text, _ in Counter(_tables()).most_common()]
    rng = random.Random(0)
    film = Film(name="", patient="", findings=("Pneumonia", "Edema"), view="AP", detector="", image=None)
    for kind, facts in (("film", film), ("smear", questions.View(())), ("other", None), ("text", None)):
        lines += ["\n".join(questions.deal(kind, facts, rng)) for _ in range(400)]
    return lines


def _tables() -> list[str]:
    """Return every string of the wording module, templates filled with their words."""
    found: list[str] = []
    for name, value in sorted(vars(wording).items()):
        if name.isupper():
            found += [value] if isinstance(value, str) else list(value)
    found += [f" {w}" for w in (*wording.TOPICS, *wording.FILM_THINGS, *wording.OTHER_FINDINGS)]
    return found
