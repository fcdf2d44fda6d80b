"""llama.cpp's side of a measurement, by its own programs: the fair peer when they are built for this processor."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from osler.bench.figures import PHASES, Phase
from osler.bench.llama_output import (
    answer_seconds,
    batched_rate,
    bench_rates,
    encoding_seconds,
    prompt_tokens,
    version_in,
)
from osler.bench.material import (
    ANSWER_TOKENS,
    CONTEXT,
    DECODE_TOKENS,
    NUM_STREAMS,
    PREFILL_TOKENS,
    QUESTION,
    SHORT_QUESTION,
    STREAM_NEW_TOKENS,
    STREAM_PROMPT_TOKENS,
)
from osler.bench.process import Finished, run_process
from osler.bench.side import Figures, Job
from osler.errors import InputError, OslerError

__all__ = ["FOLDER_VARIABLE", "LlamaBinaries", "find_programs"]

FOLDER_VARIABLE = "LLAMA_CPP_BIN"

PROGRAMS: Mapping[Phase, str] = {
    "image": "llama-mtmd-cli",
    "prefill": "llama-bench",
    "decode": "llama-bench",
    "question": "llama-mtmd-cli",
    "streams": "llama-batched-bench",
    "start": "llama-cli",
    "memory": "llama-mtmd-cli",
}

TRACE = 4
"""llama.cpp's log level at which the library's own notes are printed, the number of prompt tokens among them."""


def find_programs() -> dict[str, Path]:
    """llama.cpp's programs by name: those in the folder of $LLAMA_CPP_BIN where it is set, else those on the PATH.

    Raises:
        InputError: the folder holds none of them.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    found = {name: shutil.which(name, path=folder or None) for name in dict.fromkeys(PROGRAMS.values())}
    programs = {name: Path(path) for name, path in found.items() if path is not None}
    if folder and not programs:
        raise InputError(
            f"${FOLDER_VARIABLE} names `{folder}`, which holds none of {', '.join(found)}",
            hint="name the folder of llama.cpp's programs; docs/benchmarks.md tells how to build them",
        )
    return programs


@dataclass(slots=True, kw_only=True)
class LlamaBinaries:
    """Measures llama.cpp's programs, a fresh process each time.

    Attributes:
        programs: the programs that were found, by name.
        model, projector: GGUF files; without a projector there are no questions about images.
        threads: processor threads.
        context: tokens that fresh processes have room for.
    """

    programs: Mapping[str, Path]
    model: Path
    projector: Path | None
    threads: int
    context: int = CONTEXT
    name: str = "llama.cpp"
    _has_started: bool = False

    @property
    def phases(self) -> tuple[Phase, ...]:
        """What the programs that are there can measure."""
        blind = self.projector is None
        missing = {phase for phase, program in PROGRAMS.items() if program not in self.programs}
        return tuple(
            phase for phase in PHASES if phase not in missing and not (blind and PROGRAMS[phase] == "llama-mtmd-cli")
        )

    @property
    def description(self) -> str:
        """Version and where the programs are from, for people."""
        program = next(iter(self.programs.values()))
        try:
            finished = run_process([program, "--version"])
            version = version_in(finished.out_text + "\n" + finished.err_text)
        except OslerError:
            version = ""
        return f"llama.cpp {version or '(version unknown)'}, the programs in {program.parent}"

    def measure(self, job: Job) -> Figures:
        """Run one phase.

        Raises:
            OslerError: the program failed or printed something else.
        """
        measures: Mapping[Phase, Callable[[Job], Figures]] = {
            "image": self._image,
            "prefill": self._prefill,
            "decode": self._decode,
            "question": self._question,
            "streams": self._streams,
            "start": self._start,
            "memory": self._memory,
        }
        return measures[job.phase](job)

    def close(self) -> None:
        """Nothing stays behind a measurement."""

    def _image(self, job: Job) -> Figures:
        return {"image_s": encoding_seconds(self._ask_about(job, 1).err_text)}

    def _prefill(self, job: Job) -> Figures:
        counts = ",".join(str(count) for count in PREFILL_TOKENS)
        rates = bench_rates(self._bench("-p", counts, "-n", 0).out_text)
        return {f"prefill_{count}_tok_s": _rate(rates, count, 0) for count in PREFILL_TOKENS}

    def _decode(self, job: Job) -> Figures:
        rates = bench_rates(self._bench("-p", 0, "-n", DECODE_TOKENS).out_text)
        return {"decode_tok_s": _rate(rates, 0, DECODE_TOKENS)}

    def _question(self, job: Job) -> Figures:
        finished = self._ask_about(job, ANSWER_TOKENS)
        figures = {"question_s": answer_seconds(finished.out, finished.err)}
        num_prompt = prompt_tokens(finished.err_text)
        return figures if num_prompt is None else {**figures, "question_prompt_tokens": num_prompt}

    def _streams(self, job: Job) -> Figures:
        lengths = ("-npp", STREAM_PROMPT_TOKENS, "-ntg", STREAM_NEW_TOKENS, "-npl", NUM_STREAMS)
        room = ("-c", NUM_STREAMS * (STREAM_PROMPT_TOKENS + STREAM_NEW_TOKENS))
        finished = self._run("llama-batched-bench", *lengths, *room, "--output-format", "jsonl")
        return {"streams_tok_s": batched_rate(finished.out_text)}

    def _start(self, job: Job) -> Figures:
        """A whole process that answers with one token; once before, so that the file is in memory."""
        command = ("llama-cli", "-p", SHORT_QUESTION, "-n", 1, "-c", self.context, "--temp", 0, "--single-turn")
        if not self._has_started:
            self._run(*command)
            self._has_started = True
        return {"start_s": self._run(*command).seconds}

    def _memory(self, job: Job) -> Figures:
        finished = self._ask_about(job, ANSWER_TOKENS, weigh=True)
        return {"memory_gib": finished.peak_gib}

    def _bench(self, *options: str | int) -> Finished:
        return self._run("llama-bench", *options, "-r", 1, "-o", "json")

    def _ask_about(self, job: Job, num_tokens: int, *, weigh: bool = False) -> Finished:
        return self._run(
            "llama-mtmd-cli",
            *("--mmproj", str(self.projector), "--image", str(job.image), "-p", QUESTION, "-n", num_tokens),
            *("--temp", 0, "--ignore-eos", "-c", self.context, "--verbosity", TRACE),
            weigh=weigh,
        )

    def _run(self, program: str, *options: str | int, weigh: bool = False) -> Finished:
        words = [str(option) for option in ("-m", self.model, "-t", self.threads, *options)]
        return run_process([self.programs[program], *words], weigh=weigh)


def _rate(rates: Mapping[tuple[int, int], float], num_prompt: int, num_new: int) -> float:
    if (num_prompt, num_new) not in rates:
        raise OslerError(f"llama-bench printed no figure for {num_prompt} tokens in and {num_new} out")
    return rates[num_prompt, num_new]
