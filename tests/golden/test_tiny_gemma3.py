"""Osler gives what transformers gave about the same tiny weights (tools/make_golden.py); needs no torch."""

import json

import numpy as np
import pytest
from golden.tiny_gemma3 import CASES, COLUMNS, GREEDY_TOKENS, LOGITS, NOTES, SEED, SHAPE, weights_sha256
from model.reference import CheckpointNumbers, reference_logits
from parity.twins import NUM_BLOCKS, SOFT_TOKEN, Ours

from osler.engine.compilation import Compilation
from osler.engine.engine import Engine
from osler.engine.request import Request
from osler.engine.sampling import Sampling
from osler.engine.vision import VisionEncoder
from osler.testing.tiny import write_gguf, write_safetensors
from osler.weights.checkpoint import open_checkpoint

TOLERANCE = {"f32": 1e-4, "bf16": 2e-2}
"""In bf16 relative to the largest logit; see docs/decisions/015-what-equal-means-in-bf16.md."""


@pytest.fixture(scope="module")
def golden():
    with np.load(LOGITS) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module", params=["f32", "bf16", "gguf"])
def ours(request, tmp_path_factory):
    """Osler with the golden files' weights, and the precision it computes in."""
    root = tmp_path_factory.mktemp("golden")
    if request.param == "gguf":
        path = write_gguf(root / "tiny.gguf", "F32", shape=SHAPE, seed=SEED, soft_token=True, projector="F32")
        return Ours(path, "f32"), "f32"
    return Ours(write_safetensors(root, shape=SHAPE, seed=SEED, kind=request.param), request.param), request.param


def test_the_files_belong_to_these_weights():
    notes = json.loads(NOTES.read_text())
    assert notes["weights_sha256"] == weights_sha256(), "the tiny model has changed: run tools/make_golden.py"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_questions_are_the_ones_that_were_asked(ours, golden, case):
    assert np.array_equal(case.prompt(ours[0].checkpoint).ids, golden[f"{case.name}.ids"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_prefill_and_decode_give_the_golden_logits(ours, golden, case):
    model, precision = ours
    prompt = case.prompt(model.checkpoint)
    logits = model.logits(prompt, cuts=tuple(range(case.num_prompt, case.tokens)))
    close(logits[list(case.rows), COLUMNS], golden[f"{case.name}.logits"], precision)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_chunks_that_end_at_images_give_the_golden_logits(ours, golden, case):
    model, precision = ours
    cuts = tuple(sorted({*case.starts, 60} - {0}))
    logits = model.logits(case.prompt(model.checkpoint), cuts)
    close(logits[list(case.rows), COLUMNS], golden[f"{case.name}.logits"], precision)


def test_all_cases_in_one_batch_give_the_golden_logits(ours, golden):
    model, precision = ours
    prompts = [case.prompt(model.checkpoint) for case in CASES]
    for case, logits in zip(CASES, model.batch(prompts, [(50, 51), (), (30,)]), strict=True):
        close(logits[list(case.rows), COLUMNS], golden[f"{case.name}.logits"], precision)


@pytest.mark.parametrize("case", [case for case in CASES if case.starts], ids=lambda case: case.name)
def test_pixels_give_the_golden_image_vectors(ours, golden, case):
    model, precision = ours
    close(model.vectors(case.prompt(model.checkpoint).pixels), golden[f"{case.name}.image_vectors"], precision)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("ours", ["f32"], indirect=True)
def test_the_numpy_reference_of_other_tests_gives_the_golden_logits(ours, golden, case):
    checkpoint = ours[0].checkpoint
    prompt = case.prompt(checkpoint)
    vectors = golden.get(f"{case.name}.image_vectors", ())
    images = list(zip(prompt.starts, vectors, strict=True))
    logits = reference_logits(checkpoint.config.text, CheckpointNumbers(checkpoint), prompt.ids, images)
    close(logits[list(case.rows), COLUMNS], golden[f"{case.name}.logits"], "f32")


@pytest.mark.parametrize("kind", ["F32", "F16", "BF16"])
@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_projector_files_of_every_kind_give_the_golden_image_vectors(tmp_path, golden, kind, precision):
    path = write_gguf(tmp_path / "tiny.gguf", "F32", shape=SHAPE, seed=SEED, projector=kind)
    checkpoint = open_checkpoint(path)
    assert checkpoint.matrix("vision.layers.0.up.weight").kind == kind.lower()
    encoder = VisionEncoder(checkpoint.config.vision, checkpoint, compilation=Compilation(precision=precision))
    case = CASES[2]
    vectors = encoder.encode(case.prompt(checkpoint).pixels)
    close(vectors, golden[f"{case.name}.image_vectors"], precision)


@pytest.mark.parametrize("ours", ["f32", "gguf"], indirect=True)
def test_greedy_answers_in_f32_are_the_golden_ones(ours, golden):
    model, _ = ours
    engine = Engine(model.runner, stop_ids=[1], global_blocks=NUM_BLOCKS, local_blocks=NUM_BLOCKS)
    requests = []
    for case in CASES:
        prompt = case.prompt(model.checkpoint)
        images = tuple(zip(prompt.starts, model.vectors(prompt.pixels), strict=True))
        ids = np.where(prompt.ids == SOFT_TOKEN, 0, prompt.ids)
        requests.append(Request(ids=ids, images=images, sampling=Sampling(max_new_tokens=GREEDY_TOKENS)))
    for case, sequence in zip(CASES, engine.run(requests), strict=True):
        assert [token.id for token in sequence.tokens] == golden[f"{case.name}.greedy"].tolist()


def close(found: np.ndarray, golden: np.ndarray, precision: str) -> None:
    assert found.shape == golden.shape
    scale = 1.0 if precision == "f32" else np.abs(golden).max()
    assert np.abs(found - golden).max() <= TOLERANCE[precision] * scale
