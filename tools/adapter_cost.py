"""Measure what adapters cost: python tools/adapter_cost.py [MODEL] [--rank 16] [--rounds 5].

The same steps with 0, 1 and 4 random adapters of all seven matrices loaded, in turns:

    decode   one sequence, a token a step (with 4 adapters loaded, one of them answers)
    streams  four sequences, a token of each a step (with 4 adapters loaded, each its own)
    prefill  a prompt of 512 tokens in one step

A ratio compares two runs that followed each other; below 1 is slower. Without MODEL, random weights of MedGemma 4B's
shapes in Q4_K, cut to 8 layers and a small vocabulary, are made in a temporary folder (0.4 GB).
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from osler.engine.compilation import Compilation
from osler.engine.engine import Engine
from osler.engine.request import Request
from osler.engine.runner import OpenVinoRunner
from osler.engine.sampling import Sampling
from osler.testing.tiny import TinyShape, write_gguf
from osler.weights.adapter import LowRank
from osler.weights.checkpoint import Checkpoint, open_checkpoint
from osler.weights.names import TEXT_LAYER_MATRICES

LIKE_4B = TinyShape(layers=8, width=2560, feed_forward_width=10240, heads=8, kv_heads=4, head_width=256, window=1024)
NUM_ADAPTERS = (0, 1, 4)
STREAMS, PROMPT, DECODED, PREFILL = 4, 16, 48, 512
BLOCKS = 128
PHASES = ("decode", "streams", "prefill")


def main() -> None:
    """Measure and print a table."""
    arguments = _arguments()
    with _model(arguments.model) as path:
        checkpoint = open_checkpoint(path)
        engines = {num: _engine(checkpoint, num, arguments.rank, arguments.threads) for num in NUM_ADAPTERS}
        print(f"{checkpoint.description}, rank {arguments.rank}, {arguments.rounds} rounds after one to warm up")
        for phase in PHASES:
            rounds = [
                {num: _speed(engines[num], num, phase) for num in NUM_ADAPTERS} for _ in range(arguments.rounds + 1)
            ]
            _print(phase, rounds[1:])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what adapters cost.")
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int)
    return parser.parse_args()


@contextmanager
def _model(path: Path | None) -> Iterator[Path]:
    if path is not None:
        yield path
        return
    with TemporaryDirectory() as folder:
        yield write_gguf(Path(folder) / "like-4b.gguf", "Q4_K", shape=LIKE_4B, projector=None)


def _engine(checkpoint: Checkpoint, num: int, rank: int, threads: int | None) -> Engine:
    runner = OpenVinoRunner(
        checkpoint.config.text,
        checkpoint,
        compilation=Compilation(threads=threads),
        global_blocks=BLOCKS,
        local_blocks=BLOCKS,
        adapters=[_adapter(checkpoint, rank, seed) for seed in range(num)],
    )
    return Engine(runner, stop_ids=[], global_blocks=BLOCKS, local_blocks=BLOCKS, num_adapters=num)


def _adapter(checkpoint: Checkpoint, rank: int, seed: int) -> dict[str, LowRank]:
    """A term of every matrix of the decoder."""
    rng, terms = np.random.default_rng(seed), {}
    for layer in range(checkpoint.config.text.num_layers):
        for name in TEXT_LAYER_MATRICES:
            rows, columns = checkpoint.shape(f"text.layers.{layer}.{name}")
            a = rng.standard_normal((rank, columns), np.float32) * np.float32(columns**-0.5)
            b = rng.standard_normal((rows, rank), np.float32) * np.float32(0.01)
            terms[f"text.layers.{layer}.{name}"] = LowRank(a=a, b=b, scale=1.0)
    return terms


def _speed(engine: Engine, num: int, phase: str) -> float:
    """Tokens a second."""
    rng = np.random.default_rng()

    def request(place: int, length: int, new: int) -> Request:
        sampling = Sampling(max_new_tokens=new, ignore_eos=True)
        return Request(ids=rng.integers(3, 700, length), sampling=sampling, adapter=place % num + 1 if num else 0)

    if phase == "prefill":
        begun = perf_counter()
        engine.run([request(0, PREFILL, 1)])
        return PREFILL / (perf_counter() - begun)
    streams = STREAMS if phase == "streams" else 1
    sequences = engine.run([request(place, PROMPT, DECODED + 1) for place in range(streams)])
    return sum(DECODED / sequence.decode_s for sequence in sequences)


def _print(phase: str, rounds: list[dict[int, float]]) -> None:
    told = [f"{phase:8} {median(one[0] for one in rounds):8.1f} tok/s without"]
    for num in NUM_ADAPTERS[1:]:
        ratios = sorted(one[num] / one[0] for one in rounds)
        told.append(f"{num} loaded {median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    print(", ".join(told), flush=True)


if __name__ == "__main__":
    main()
