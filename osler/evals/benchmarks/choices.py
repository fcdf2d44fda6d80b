"""Questions with lettered options: taking them apart, writing them down, putting their options into another order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from osler.evals.benchmarks.lines import Line
from osler.evals.sample import Option, Sample
from osler.tasks.lettered import LETTERS, lettered, with_choices

__all__ = [
    "LETTERS",
    "always_one_letter",
    "lettered",
    "options_of",
    "original_letter",
    "permute_options",
    "split_question",
    "written_question",
]

CHOICES = re.compile(r"\s*Answer Choices:\s*")

# Options that lose their sense in another order: "none of the above", "both A and C", "a & b", "1 and 2 above".
SPEAKS_OF_OTHERS = re.compile(
    r"\b(all|any|as|none|of|the) (the )?(above|preceding|aforementioned|abovementioned)\b"
    r"|\babove (all|answers|choices|mentioned|options|statements)\b"
    r"|\b(options?|choices?|answers?) \(?[a-j1-9]\b"
    r"|^\W*(both |only |either |neither )?\(?[a-j]\)?(\s*[,/&+]\s*|\s+(and|or|nor)\s+)\(?[a-j]\b"
    r"|(?-i:^[Bb]oth [A-D]{2,3}\b)",
    re.IGNORECASE,
)


def split_question(line: Line, field: str = "question") -> tuple[str, tuple[Option, ...]]:
    """Take "Which?\\nAnswer Choices: (A) this (B) that" apart, as MedXpertQA and mirrors of other sets write it.

    An option's own text may hold letters in brackets: each option ends where the *next* letter in order begins.

    Raises:
        InputError: there are no choices, or fewer than two.
    """
    marks = list(CHOICES.finditer(line.text(field)))
    if not marks:
        raise line.wrong(f"expected `Answer Choices: (A) … (B) …` within `{field}`")
    rest = line.text(field)[marks[-1].end() :]
    texts: list[str] = []
    for letter in LETTERS:
        mark = f"({letter}) "
        at = 0 if not texts and rest.startswith(mark) else rest.find(" " + mark) + 1
        if texts and at == 0:
            break
        if not texts and not rest.startswith(mark):
            raise line.wrong(f"expected the first choice to begin with `(A)` within `{field}`")
        if texts:
            texts[-1] = rest[: at - 1]
        rest = rest[at + len(mark) :]
        texts.append(rest)
    if len(texts) < 2:
        raise line.wrong(f"expected at least two choices within `{field}`, got one")
    return line.text(field)[: marks[-1].start()], lettered(texts)


def options_of(line: Line, field: str = "options") -> tuple[Option, ...]:
    """Options written as {"A": …, "B": …}, as [{"letter": …, "content": …}, …] or as a list of texts.

    Raises:
        InputError: they are written otherwise, the letters are not A, B, C … in order, or there are fewer than two.
    """
    given = line.value(field)
    if isinstance(given, Mapping):
        pairs = [(str(letter), text) for letter, text in given.items()]
    elif isinstance(given, Sequence) and not isinstance(given, str) and all(isinstance(one, Mapping) for one in given):
        pairs = [(str(one.get("letter")), one.get("content")) for one in given]
    elif isinstance(given, Sequence) and not isinstance(given, str):
        pairs = list(zip(LETTERS, given, strict=False))
    else:
        raise line.wrong(f"expected options in `{field}`, got a {type(given).__name__}")
    if [letter for letter, _ in pairs] != list(LETTERS[: len(pairs)]) or len(pairs) < 2:
        raise line.wrong(f"expected at least two options in `{field}`, lettered A, B, C … in order")
    if any(not isinstance(text, str | int | float) or not str(text).strip() for _, text in pairs):
        raise line.wrong(f"expected words in each of `{field}`")
    return tuple((letter, str(text)) for letter, text in pairs)


def written_question(sample: Sample) -> str:
    """The question with its options in one line, as MedXpertQA's authors distribute theirs.

    >>> written_question(Sample(id="1", text="Which?", reference="A", options=lettered(["this", "that"])))
    'Which?\\nAnswer Choices: (A) this (B) that'
    """
    return with_choices(sample.text, sample.options)


def permute_options(sample: Sample, seed: int) -> Sample:
    """The same question with its options in another order.

    The order depends on the seed and the sample's id alone, so it is the same on every machine. A sample without
    options, with one that speaks of others ("none of the above"), or whose options are the grades of a scale (its facts
    say `is_scale`, and metrics know the grades by their letters) comes back as it is.

    Returns:
        The sample with options, reference and `facts["original_letters"]`: the letters that the options had before,
        in their new order (`original_letter` reads it).
    """
    letters = [letter for letter, _ in sample.options]
    texts = dict(sample.options)
    if sample.facts.get("is_scale"):
        return sample
    if len(set(texts.values())) < 2 or any(SPEAKS_OF_OTHERS.search(text) for text in texts.values()):
        return sample
    order = letters.copy()
    random = Random(f"{seed}:{sample.id}")
    while order == letters:
        random.shuffle(order)
    options = tuple((letter, texts[original]) for letter, original in zip(letters, order, strict=True))
    moved = dict(zip(order, letters, strict=True))
    facts = {**sample.facts, "original_letters": "".join(order)}
    return replace(sample, options=options, reference=_moved(sample.reference, moved), facts=facts)


def original_letter(sample: Sample, letter: str) -> str:
    """What a letter of a permuted sample was called before; the letter itself where nothing was permuted.

    >>> sample = Sample(id="1", text="Which?", reference="A", options=lettered(["this", "that"]))
    >>> original_letter(permute_options(sample, 0), "A")
    'B'
    """
    originals = sample.facts.get("original_letters")
    letters = [letter for letter, _ in sample.options]
    return originals[letters.index(letter)] if originals and letter in letters else letter


def always_one_letter(samples: Sequence[Sample]) -> dict[str, list[str]]:
    """The baseline that knows only which letter is right most often.

    >>> always_one_letter([Sample(id=str(i), text="", reference=letter) for i, letter in enumerate("ABB")])
    {'always `B`': ['B', 'B', 'B']}
    """
    letters = [sample.reference for sample in samples if isinstance(sample.reference, str)]
    if not letters:
        return {}
    commonest = max(sorted(set(letters)), key=letters.count)
    return {f"always `{commonest}`": [commonest] * len(samples)}


def _moved(reference: Any, moved: Mapping[str, str]) -> Any:
    if isinstance(reference, list):
        return sorted(moved[letter] for letter in reference)
    return moved[reference]
