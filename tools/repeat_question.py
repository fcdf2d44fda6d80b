"""Measure how soon the second question about a volume is answered: python tools/repeat_question.py MODEL [--slices 40].

Each round asks two different questions about a CT of noise that no round before had. Two times are told: to the first
token as replies have it (images encoded, prompt computed), and as a person waits for it, with files read, slices chosen
and resized. Image vectors on disk are left out of it. Ends with 1 where the second question's time to the first token
is more than 1/20 of the first one's (median).
"""

import argparse
import os
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

import numpy as np

from osler.tasks.load import load
from osler.tasks.model import Model
from osler.tasks.study_options import StudyOptions
from osler.tasks.vector_store import SIZE_VARIABLE
from osler.testing.dicom_series import make_series

QUESTIONS = ("What does this examination show?", "Is there free fluid in the pelvis?")
SIDE_PX = 256
WANTED = 1 / 20


class Answer(NamedTuple):
    """Seconds to the first token, seconds in all, and tokens of the prompt, in all and kept."""

    first_token_s: float
    waited_s: float
    num_prompt: int
    num_cached: int


def main() -> None:
    """Measure, print a table and judge it."""
    arguments = _arguments()
    os.environ[SIZE_VARIABLE] = "0"
    with TemporaryDirectory() as folder, load(arguments.model, threads=arguments.threads) as model:
        model.start(vision=True)
        print(f"{model.identity.description}, {arguments.slices} slices, {arguments.rounds} rounds after a first one")
        print("first token s: first    second  ratio  waited s: first    second  ratio  prompt tokens  of these kept")
        ratios = []
        for number in range(arguments.rounds + 1):
            first, second = _round(model, Path(folder) / str(number), arguments.slices)
            if number:
                ratios.append(first.first_token_s / second.first_token_s)
                print(f"{_pair(first.first_token_s, second.first_token_s, 20)}  ", end="")
                print(f"{_pair(first.waited_s, second.waited_s, 15)}  ", end="")
                print(f"{second.num_prompt:13,}  {second.num_cached:13,}")
    print(f"median: the second question takes 1/{median(ratios):.1f} of the first")
    sys.exit(median(ratios) < 1 / WANTED)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how soon the second question about a volume is answered.")
    parser.add_argument("model", nargs="?", help="as in osler ask --model")
    parser.add_argument("--slices", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int)
    return parser.parse_args()


def _pair(first: float, second: float, width: int) -> str:
    return f"{first:{width}.2f}  {second:8.3f}  {first / second:5.1f}"


def _round(model: Model, folder: Path, num_slices: int) -> tuple[Answer, Answer]:
    """Both questions about a new volume."""
    values = np.random.default_rng().integers(0, 2000, (num_slices, SIDE_PX, SIDE_PX)).astype(np.int16)
    make_series(folder, values)
    first, second = (_ask(model, folder, question) for question in QUESTIONS)
    return first, second


def _ask(model: Model, folder: Path, question: str) -> Answer:
    begun = perf_counter()
    stream = model.stream(folder, question, study=StudyOptions(recipe="1.5"), max_new_tokens=1)
    for _ in stream:
        pass
    waited_s = perf_counter() - begun
    assert stream.reply is not None
    usage = stream.reply.usage
    return Answer(stream.reply.timings.first_token_s, waited_s, usage.prompt_tokens, usage.cached_tokens)


if __name__ == "__main__":
    main()
