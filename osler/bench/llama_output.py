"""What llama.cpp's programs print, read."""

import json
import re
from collections.abc import Sequence

from osler.bench.process import Output
from osler.errors import OslerError

__all__ = ["answer_seconds", "batched_rate", "bench_rates", "encoding_seconds", "prompt_tokens", "version_in"]

ENCODED = re.compile(r"(?:batch encoding done|image slice encoded|image/slice \d+ encoded|image encoded) in +(\d+) ms")
"""llama-mtmd-cli, when the vision tower has run; builds differ in the words."""

LOADED = b"main: loading model: "
"""llama-mtmd-cli's line between having loaded both models and opening the image."""

CLOSING = b"\n\n"
"""What llama-mtmd-cli writes after the answer, when it has computed the last token too, which nobody needs."""

PROMPT = re.compile(r"prompt eval time = *[\d.]+ ms / *(\d+) tokens")
VERSION = re.compile(r"^version: *(.+)$", re.MULTILINE)


def bench_rates(text: str) -> dict[tuple[int, int], float]:
    """Tokens a second of `llama-bench -o json`, by (tokens of the prompt, tokens generated).

    Raises:
        OslerError: the text holds no such list.
    """
    try:
        return {(row["n_prompt"], row["n_gen"]): float(row["avg_ts"]) for row in json.loads(text)}
    except (ValueError, TypeError, KeyError):
        raise OslerError("llama-bench printed no figures that can be read") from None


def batched_rate(text: str) -> float:
    """Tokens a second of all streams together while they decode, from `llama-batched-bench --output-format jsonl`.

    Raises:
        OslerError: the text holds no such line.
    """
    for line in text.splitlines():
        try:
            return float(json.loads(line)["speed_tg"])
        except (ValueError, TypeError, KeyError):
            continue
    raise OslerError("llama-batched-bench printed no figures that can be read")


def encoding_seconds(text: str) -> float:
    """Seconds of the vision tower on one image, from llama-mtmd-cli's log.

    Raises:
        OslerError: the log holds no such line.
    """
    found = ENCODED.search(text)
    if found is None:
        raise OslerError("llama-mtmd-cli printed no encoding time that can be read")
    return int(found[1]) / 1000


def answer_seconds(out: Sequence[Output], err: Sequence[Output]) -> float:
    """Seconds of an image question: from when llama-mtmd-cli had loaded the models to the last token it wrote.

    Taken from when lines and tokens came, because the times that it prints at its end are sometimes lost there.

    Raises:
        OslerError: it did not tell that it had loaded the models, or wrote nothing.
    """
    loaded = [piece.at_s for piece in err if LOADED in piece.data]
    tokens = out[:-1] if out and out[-1].data == CLOSING else out
    if not loaded or not tokens:
        raise OslerError("llama-mtmd-cli did not print when it began or what it answered")
    return tokens[-1].at_s - loaded[0]


def prompt_tokens(text: str) -> int | None:
    """Tokens of the prompt, images included, where llama-mtmd-cli's log tells them."""
    found = PROMPT.search(text)
    return int(found[1]) if found else None


def version_in(text: str) -> str:
    """The version that `--version` prints, or "" where it prints none."""
    found = VERSION.search(text)
    return found[1].strip() if found else ""
