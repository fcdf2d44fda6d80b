"""Make tests/golden/tiny_gemma3.npz and .json: transformers' answers about a tiny random Gemma 3, in float32.

Usage: python tools/make_golden.py        (needs the extra `parity`)

The default tests hold Osler against these files, so that they need no torch. Make them anew when the tiny model of
osler/testing or the questions in tests/golden/tiny_gemma3.py change, and run the parity tests before you keep them.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from golden.tiny_gemma3 import CASES, COLUMNS, GREEDY_TOKENS, LOGITS, NOTES, SEED, SHAPE, Case, weights_sha256  # noqa: E402
from parity.twins import Theirs  # noqa: E402

from osler.testing.tiny import write_safetensors  # noqa: E402
from osler.weights.checkpoint import Checkpoint, open_checkpoint  # noqa: E402

STOP_IDS = (1,)


def answers(theirs: Theirs, checkpoint: Checkpoint, case: Case) -> dict[str, np.ndarray]:
    """The kept logits [R, V / 8], image vectors [I, M, D] and greedy ids of one case."""
    prompt = case.prompt(checkpoint)
    logits = np.concatenate([theirs.logits(prompt)[: case.num_prompt - 1], theirs.decoded(prompt, case.num_prompt)])
    found = {
        f"{case.name}.ids": prompt.ids.astype(np.int32),
        f"{case.name}.logits": logits[list(case.rows), COLUMNS],
        f"{case.name}.greedy": np.array(theirs.continued(prompt, GREEDY_TOKENS, STOP_IDS), np.int32),
    }
    if case.starts:
        found[f"{case.name}.image_vectors"] = theirs.vectors(prompt.pixels)
    return found


def main() -> None:
    import torch
    import transformers

    with tempfile.TemporaryDirectory() as folder:
        path = write_safetensors(Path(folder), shape=SHAPE, kind="f32", seed=SEED)
        theirs, checkpoint = Theirs(path, "f32"), open_checkpoint(path)
        arrays: dict[str, np.ndarray] = {}
        for case in CASES:
            arrays |= answers(theirs, checkpoint, case)
    np.savez_compressed(LOGITS, **arrays)
    notes = {
        "made_by": "tools/make_golden.py",
        "source": "transformers Gemma3ForConditionalGeneration, float32, eager attention",
        "versions": {"transformers": transformers.__version__, "torch": torch.__version__, "numpy": np.__version__},
        "weights_seed": SEED,
        "weights_sha256": weights_sha256(),
        "prompt_seeds": {case.name: case.seed for case in CASES},
    }
    NOTES.write_text(json.dumps(notes, indent=2) + "\n")
    print(f"{LOGITS.name}: {len(arrays)} arrays, {LOGITS.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
