"""A process that keeps the model loaded and measures on demand: `python -m osler.bench.worker JSON`.

It reads one JSON object a line, {"phase": …, "round": …, "image": …}, and answers each with one line, a JSON object
of figures by name, or {"error": …, "hint": …}. Between two of them it computes nothing. It ends with its input.

Each phase is run once unmeasured before it is measured for the first time, because OpenVINO makes its kernels for new
shapes in that run. Later turns of phases with tokens begin with an unmeasured prompt: between two turns this process
has waited for a minute, and llama.cpp's programs, which are new each time, warm up by themselves.
"""

import json
import os
import sys
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

import osler
from osler.bench.material import (
    ANSWER_TOKENS,
    DECODE_TOKENS,
    NUM_STREAMS,
    PREFILL_TOKENS,
    QUESTION,
    SHORT_PROMPT_TOKENS,
    STREAM_NEW_TOKENS,
    STREAM_PROMPT_TOKENS,
    noise,
    prompt_ids,
)
from osler.engine.request import Request
from osler.engine.sampling import Sampling
from osler.engine.sequence import Sequence
from osler.errors import OslerError

if TYPE_CHECKING:
    from osler.tasks.model import Model

__all__ = ["main"]

Figures = dict[str, float]

WAKING = frozenset({"prefill", "decode", "question", "streams"})
"""Phases that llama.cpp's programs warm up for at every start."""


class Measures:
    """What can be measured on a loaded model, phase by phase; all through `osler.load`'s model and its engine.

    Prompts of random ids are answered without guesses: they lead into circles, which are all too easily guessed.
    """

    def __init__(self, model: "Model") -> None:
        self._model = model
        self._seed = 0  # each prompt and image is a new one, so that nothing kept from the last can help

    def image(self, command: dict[str, Any]) -> Figures:
        """Seconds from an image's pixels to its vectors."""
        vision = self._model.config.vision
        assert vision is not None, "the model reads images"
        pixels = noise(vision.image_px, self._next_seed())
        started = perf_counter()
        self._model.encode_images(pixels)
        return {"image_s": perf_counter() - started}

    def prefill(self, command: dict[str, Any]) -> Figures:
        """Tokens a second from a prompt's ids to the first new token."""
        figures = {}
        for count in PREFILL_TOKENS:
            if count < self._model.context:
                sequence = self._run([self._request(count, 1)])[0]
                figures[f"prefill_{count}_tok_s"] = count / sequence.first_token_s
        return figures

    def decode(self, command: dict[str, Any]) -> Figures:
        """Tokens a second after the first one."""
        sequence = self._run([self._request(SHORT_PROMPT_TOKENS, DECODE_TOKENS + 1)])[0]
        return {"decode_tok_s": DECODE_TOKENS / sequence.decode_s}

    def question(self, command: dict[str, Any]) -> Figures:
        """Seconds from an image file and a question to the last token of the answer."""
        started = perf_counter()
        stream = self._model.stream(command["image"], QUESTION, max_new_tokens=ANSWER_TOKENS, ignore_eos=True)
        for _ in stream:
            pass
        return {"question_s": perf_counter() - started, "question_prompt_tokens": stream.num_prompt_tokens}

    def streams(self, command: dict[str, Any]) -> Figures:
        """Tokens a second of all streams together, each after its first token."""
        request = self._request
        sequences = self._run([request(STREAM_PROMPT_TOKENS, STREAM_NEW_TOKENS + 1) for _ in range(NUM_STREAMS)])
        return {"streams_tok_s": sum(STREAM_NEW_TOKENS / sequence.decode_s for sequence in sequences)}

    def wake(self) -> None:
        """Go through every weight of the decoder once."""
        self._run([self._request(min(PREFILL_TOKENS[0], self._model.context - 1), 1)])

    def _request(self, num_prompt: int, num_new: int) -> Request:
        ids = prompt_ids(num_prompt, self._model.config.text.vocabulary_size, self._next_seed())
        sampling = Sampling(max_new_tokens=num_new, ignore_eos=True)
        return Request(ids=ids, sampling=sampling, may_guess=False, adapter=self._model.adapter_number)

    def _run(self, requests: list[Request]) -> list[Sequence]:
        return self._model.engine.run(requests)

    def _next_seed(self) -> int:
        self._seed += 1
        return self._seed


def answer(measures: Measures, warm: set[str], command: dict[str, Any]) -> dict[str, Any]:
    """Run one phase; the first time, run it once before, and after a wait wake up first."""
    phase = command["phase"]
    run: Callable[[dict[str, Any]], Figures] = getattr(measures, phase)
    try:
        if phase not in warm:
            run({**command, "image": command.get("warm_up_image")})
            warm.add(phase)
        elif phase in WAKING:
            measures.wake()
        return run(command)
    except OslerError as error:
        return refusal(error)


def refusal(error: OslerError) -> dict[str, Any]:
    return {"error": error.message, "hint": error.hint}


def main() -> None:
    """Load the model that the first argument names, and answer until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes to stderr
    arguments = json.loads(sys.argv[1])
    np.random.default_rng()  # imports what it needs now, not inside a measured phase
    try:
        model = osler.load(**arguments)
    except OslerError as error:
        print(json.dumps(refusal(error)), file=answers, flush=True)
        sys.exit(1)
    measures, warm = Measures(model), set[str]()
    for line in sys.stdin:
        print(json.dumps(answer(measures, warm, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
