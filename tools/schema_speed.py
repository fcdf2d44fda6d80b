"""Measure tokens a second with a schema against without: python tools/schema_speed.py MODEL [--rounds 5].

Three cases, each in turns with and without, on the same prompt, greedy, the same number of tokens:

    form     a report of eight fields with long names and few choices: much of it is forced
    prose    one long text in one field: nothing is forced, so only the grammar's cost shows
    streams  eight forms at once

A ratio compares two runs that followed each other. Do nothing else on the machine meanwhile.
"""

import argparse
from collections.abc import Sequence
from statistics import median
from typing import Any

import numpy as np

from osler.engine.engine import Engine
from osler.engine.request import Request
from osler.engine.sampling import Sampling
from osler.tasks.load import load

PROMPT_TOKENS = 100
NUM_STREAMS = 8
LEVEL = {"enum": ["absent", "possible", "present"]}
FINDINGS = ("pleural_effusion", "pneumothorax", "consolidation", "cardiomegaly", "pulmonary_edema", "rib_fracture")
PROPERTIES = {name: LEVEL for name in FINDINGS} | {
    "largest_size_mm": {"type": "integer", "minimum": 0, "maximum": 400},
    "needs_another_view": {"type": "boolean"},
}
FORM = {"type": "object", "properties": PROPERTIES, "required": list(PROPERTIES)}
PROSE = {"type": "object", "properties": {"report": {"type": "string", "minLength": 1000}}, "required": ["report"]}

CASES = {"form": (FORM, 1), "prose": (PROSE, 1), "streams": (FORM, NUM_STREAMS)}


def main() -> None:
    """Measure and print a table."""
    arguments = _arguments()
    with load(arguments.model, context=1024, sequences=NUM_STREAMS, threads=arguments.threads) as model:
        print(f"{model.identity.description}, {arguments.rounds} rounds after one to warm up")
        print("case      with tok/s  without tok/s  with / without        tokens  computed in")
        for name in arguments.only or CASES:
            schema, num = CASES[name]
            longest = arguments.tokens
            rounds = [_pair(model.engine, schema, num, seed, longest) for seed in range(arguments.rounds + 1)][1:]
            held, free, num_tokens, num_steps = (median(values) for values in zip(*rounds, strict=True))
            ratios = sorted(one / other for one, other, _, _ in rounds)
            spread = f"{median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
            print(f"{name:8}  {held:10.1f}  {free:13.1f}  {spread:20}  {num_tokens:6.0f}  {num_steps:.0f} steps")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure tokens a second with a schema against without.")
    parser.add_argument("model", nargs="?", help="as in osler ask --model")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--tokens", type=int, default=160, help="of a reply at most")
    parser.add_argument("--only", nargs="*", choices=CASES)
    return parser.parse_args()


def _pair(engine: Engine, schema: dict[str, Any], num: int, seed: int, longest: int) -> tuple[float, float, int, int]:
    """Tokens a second with the schema and without, tokens of the first reply, and steps that they took."""
    prompts = [_prompt(seed * NUM_STREAMS + stream) for stream in range(num)]
    steps = _Steps(engine)
    with steps:
        held = engine.run(
            [Request(ids=ids, sampling=Sampling(schema=schema, max_new_tokens=longest)) for ids in prompts]
        )
    lengths = [len(sequence.tokens) for sequence in held]
    free = engine.run(
        [
            Request(ids=ids, sampling=Sampling(max_new_tokens=length, ignore_eos=True))
            for ids, length in zip(prompts, lengths, strict=True)
        ]
    )
    return _rate(held), _rate(free), lengths[0], steps.count


def _prompt(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(1000, 5000, PROMPT_TOKENS)


def _rate(sequences: Sequence[Any]) -> float:
    """Tokens a second of all together, each after its first."""
    return sum((len(sequence.tokens) - 1) / sequence.decode_s for sequence in sequences)


class _Steps:
    """Counts the steps of an engine while it is entered."""

    def __init__(self, engine: Engine) -> None:
        self._runner = engine._runner
        self._step = self._runner.step
        self.count = 0

    def __enter__(self) -> None:
        self._runner.step = self._counted  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        self._runner.step = self._step  # type: ignore[method-assign]

    def _counted(self, chunks: Any) -> np.ndarray:
        self.count += 1
        return self._step(chunks)


if __name__ == "__main__":
    main()
