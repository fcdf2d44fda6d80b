"""A folder of programs that stand in for llama.cpp's: they print what those printed, recorded, and run no model.

Good for testing how they are found, called and read; what llama.cpp's own programs do is not tested with them.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

__all__ = ["ALL_PROGRAMS", "calls_in", "write_programs"]

ALL_PROGRAMS = ("llama-bench", "llama-mtmd-cli", "llama-batched-bench", "llama-cli")
RECORDED = Path(__file__).parent / "bench" / "recorded"

PROGRAM = """#!{python}
import json, pathlib, sys, time

me, arguments = pathlib.Path(sys.argv[0]), sys.argv[1:]
recorded = pathlib.Path({recorded!r})

def give(name, stream=sys.stdout):
    stream.write((recorded / name).read_text())
    stream.flush()

def answer():
    before, ends, after = (recorded / "llama-mtmd-cli.err").read_text().partition("graphs reused")[0].rpartition(
        "llama_perf_context_print:        load time"
    )
    sys.stderr.write(before)
    sys.stderr.flush()
    for token in range(int(arguments[arguments.index("-n") + 1])):
        time.sleep(0.002)
        sys.stdout.write(chr(10))
        sys.stdout.flush()
    time.sleep(0.02)
    sys.stdout.write(chr(10) * 2)
    sys.stdout.flush()
    sys.stderr.write(ends + after)

began = time.monotonic()
if "--version" in arguments:
    give("llama-bench-version.err", sys.stderr)
elif me.name == "llama-bench":
    give("llama-bench-decode.json" if arguments[arguments.index("-p") + 1] == "0" else "llama-bench-prefill.json")
elif me.name == "llama-batched-bench":
    give("llama-batched-bench.jsonl")
elif me.name == "llama-cli":
    give("llama-cli.out")
else:
    answer()
with (me.parent / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps([me.name, arguments]) + chr(10))
"""


def write_programs(folder: Path, names: Iterable[str] = ALL_PROGRAMS) -> Path:
    """Put the programs into a folder; each notes its calls in `calls.jsonl` beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        program = folder / name
        program.write_text(PROGRAM.format(python=sys.executable, recorded=str(RECORDED)))
        program.chmod(0o755)
    return folder


def calls_in(folder: Path, program: str) -> list[list[str]]:
    """The arguments of a program's calls, in order; those that only ask for the version are left out."""
    calls = [json.loads(line) for line in (folder / "calls.jsonl").read_text().splitlines()]
    return [arguments for name, arguments in calls if name == program and "--version" not in arguments]
