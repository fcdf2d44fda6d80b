"""llama.cpp's side of a measurement, by the wheel xllamacpp: a generic build, about half as fast as one's own.

Each run is a fresh process of this module: `python -m osler.bench.llama_wheel JSON`.
"""

import base64
import json
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

from osler.bench.figures import IMAGE_PHASES, PHASES, Phase
from osler.bench.material import (
    ANSWER_TOKENS,
    DECODE_TOKENS,
    NUM_STREAMS,
    PREFILL_TOKENS,
    QUESTION,
    SHORT_PROMPT_TOKENS,
    SHORT_QUESTION,
    STREAM_NEW_TOKENS,
    STREAM_PROMPT_TOKENS,
)
from osler.bench.process import run_process
from osler.bench.side import Figures, Job
from osler.errors import OslerError
from osler.versions import version_of

__all__ = ["LlamaWheel", "main"]

PACKAGE = "xllamacpp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a fresh process loads."""

    model: str
    projector: str | None
    threads: int
    context: int


@dataclass(slots=True, kw_only=True)
class LlamaWheel:
    """Measures the wheel; arguments as those of `LlamaBinaries`."""

    settings: Settings
    name: str = "llama.cpp"
    _has_started: bool = False

    @staticmethod
    def is_installed() -> bool:
        return find_spec(PACKAGE) is not None

    @property
    def phases(self) -> tuple[Phase, ...]:
        return tuple(phase for phase in PHASES if self.settings.projector or phase not in IMAGE_PHASES)

    @property
    def description(self) -> str:
        """For people."""
        return f"the wheel {PACKAGE} {version_of(PACKAGE)}: a generic build, not made for this processor"

    def measure(self, job: Job) -> Figures:
        """Run one phase in a fresh process.

        Raises:
            OslerError: it failed.
        """
        command = {"phase": job.phase, "image": str(job.image), "settings": asdict(self.settings)}
        words = [sys.executable, "-m", "osler.bench.llama_wheel", json.dumps(command)]
        if job.phase == "start" and not self._has_started:
            run_process(words)
            self._has_started = True
        finished = run_process(words, weigh=job.phase == "memory")
        if job.phase == "start":
            return {"start_s": finished.seconds}
        if job.phase == "memory":
            return {"memory_gib": finished.peak_gib}
        return json.loads(finished.out_text.splitlines()[-1])

    def close(self) -> None:
        """Nothing stays behind a measurement."""


class Server:
    """The wheel's server, loaded; each request is computed afresh and greedy, and does not end by itself."""

    def __init__(self, settings: Settings) -> None:
        import xllamacpp

        parameters = xllamacpp.CommonParams()
        parameters.model.path = settings.model
        if settings.projector:
            parameters.mmproj.path = settings.projector
        parameters.n_ctx = settings.context
        parameters.n_parallel = NUM_STREAMS
        parameters.kv_unified = True
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = settings.threads
        self._server = xllamacpp.Server(parameters)

    def complete(self, num_prompt: int, num_new: int, start: str = "") -> dict[str, float]:
        """The server's timings of a prompt of about so many tokens."""
        prompt = start + " the" * (num_prompt - 1)
        return self._timings(self._server.handle_completions, {"prompt": prompt}, num_new)

    def ask(self, image: str, num_new: int) -> dict[str, float]:
        """The server's timings of a question about an image file."""
        url = "data:image/png;base64," + base64.b64encode(Path(image).read_bytes()).decode()
        content = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": QUESTION}]
        messages = {"messages": [{"role": "user", "content": content}]}
        return self._timings(self._server.handle_chat_completions, messages, num_new)

    def _timings(self, handle: Callable[[Any], Any], request: Mapping[str, Any], num_new: int) -> dict[str, float]:
        options = {"max_tokens": num_new, "temperature": 0, "ignore_eos": True, "cache_prompt": False}
        reply = handle({**request, **options})
        reply = json.loads(reply) if isinstance(reply, str | bytes) else reply
        if "timings" not in reply:
            raise OslerError(f"{PACKAGE} refused: {reply.get('error', {}).get('message', 'no reason given')}")
        return reply["timings"]


def image(server: Server, path: str) -> Figures:
    """The vision tower's time: that of a question about an image, less its tokens at a text prompt's speed."""
    rate = server.complete(PREFILL_TOKENS[0], 1)["prompt_per_second"]
    started = perf_counter()
    timings = server.ask(path, 1)
    return {"image_s": max(0.0, perf_counter() - started - timings["prompt_n"] / rate)}


def prefill(server: Server, path: str) -> Figures:
    return {f"prefill_{count}_tok_s": server.complete(count, 1)["prompt_per_second"] for count in PREFILL_TOKENS}


def decode(server: Server, path: str) -> Figures:
    return {"decode_tok_s": server.complete(SHORT_PROMPT_TOKENS, DECODE_TOKENS + 1)["predicted_per_second"]}


def question(server: Server, path: str) -> Figures:
    started = perf_counter()
    timings = server.ask(path, ANSWER_TOKENS)
    return {"question_s": perf_counter() - started, "question_prompt_tokens": timings["prompt_n"]}


def streams(server: Server, path: str) -> Figures:
    rates: list[float] = []

    def run(number: int) -> None:
        rates.append(server.complete(STREAM_PROMPT_TOKENS, STREAM_NEW_TOKENS + 1, str(number))["predicted_per_second"])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(NUM_STREAMS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(rates) < NUM_STREAMS:
        raise OslerError(f"only {len(rates)} of {NUM_STREAMS} streams came to their end")
    return {"streams_tok_s": sum(rates)}


def start(server: Server, path: str) -> Figures:
    server.complete(len(SHORT_QUESTION), 1)
    return {}


MEASURES: Mapping[str, Callable[[Server, str], Figures]] = {
    "image": image,
    "prefill": prefill,
    "decode": decode,
    "question": question,
    "streams": streams,
    "start": start,
    "memory": question,
}


def main() -> None:
    """Run the phase that the first argument describes and print its figures as JSON on the last line."""
    command = json.loads(sys.argv[1])
    server = Server(Settings(**command["settings"]))
    print(json.dumps(MEASURES[command["phase"]](server, command["image"])), flush=True)


if __name__ == "__main__":
    main()
