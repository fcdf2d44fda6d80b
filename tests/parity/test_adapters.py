"""Adapters that peft saved, computed in the engine without merging, give the log-probabilities of peft's own model."""

import gc
import os

import numpy as np
import pytest
from parity.tuned import DECODER, EVERYTHING, TOWER, adapt, logprobs_of, prompt_of, tuned, worst
from parity.twins import Prompt

import osler
from osler.prompt import stop_ids
from osler.tasks.load import DEMONSTRATION, open_model
from osler.testing.tiny import TinyShape, write_safetensors

pytestmark = pytest.mark.parity
pytest.importorskip("peft")

TOLERANCE = 1e-4
QUESTION = "Describe the chest film. Is there an effusion?"
LARGE_VARIABLE = "OSLER_PARITY_LARGE"
"""Set to run what takes minutes and gigabytes of memory (docs/adapters.md has its figures)."""

LIKE_4B = TinyShape(
    layers=8,
    width=2560,
    feed_forward_width=10240,
    heads=8,
    kv_heads=4,
    head_width=256,
    window=1024,
    vision_layers=2,
    vision_width=1152,
    vision_feed_forward_width=4304,
    vision_heads=16,
    image_px=896,
    image_tokens=256,
)
"""MedGemma 4B cut to 8 layers of its decoder and 2 of its tower, with a small vocabulary."""

KINDS = {
    "decoder": {"target_modules": DECODER},
    "rslora and patterns": {
        "target_modules": DECODER,
        "use_rslora": True,
        "rank_pattern": {"down_proj": 2, r"layers\.[0-3]\.self_attn\.q_proj": 7},
        "alpha_pattern": {"layers.1.mlp.up_proj": 3},
    },
    "everything": {"target_modules": EVERYTHING, "modules_to_save": ["multi_modal_projector"]},
    "head": {"target_modules": ["v_proj", "lm_head"]},
    "projector's matrix": {"target_modules": TOWER, "target_parameters": ["mm_input_projection_weight"]},
}


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(count)
    return [rng.integers(0, 256, (50 + 9 * number, 80, 3), np.uint8) for number in range(count)]


@pytest.fixture(scope="module")
def adapters(folders, tmp_path_factory):
    root = tmp_path_factory.mktemp("tuned")
    return {
        name: tuned(folders["f32"], root / str(seed), seed=seed, **options)
        for seed, (name, options) in enumerate(KINDS.items())
    }


@pytest.fixture(scope="module")
def model(folders, adapters):
    """All of them in one engine."""
    named = {name.replace(" ", "-").replace("'", ""): one.folder for name, one in adapters.items()}
    with osler.load(folders["f32"], precision="f32", context=512, threads=2, sequences=6, adapters=named) as model:
        yield model


def view(model, name):
    return model.adapted(name.replace(" ", "-").replace("'", ""))


@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize("name", KINDS)
def test_log_probabilities_are_those_of_pefts_model(model, adapters, name, count):
    images = pictures(count)
    prompt = prompt_of(model, images, QUESTION)
    theirs = adapters[name].theirs.logits(prompt)
    off = worst(logprobs_of(view(model, name), prompt, images), theirs)
    changed = worst(logprobs_of(model, prompt, images), theirs)
    print(f"{name}: worst {off:.1e}; without the adapter {changed:.2f}")
    assert off <= TOLERANCE
    assert changed > 0.1 or (name == "projector's matrix" and not images)


@pytest.mark.parametrize("name", ["decoder", "everything", "head"])
def test_greedy_answers_are_pefts_token_by_token(model, adapters, name):
    images = pictures(1)
    wanted = adapters[name].theirs.continued(prompt_of(model, images, QUESTION), 30, stop_ids(model.tokenizer))
    assert list(view(model, name).ask(images, QUESTION, max_new_tokens=30).token_ids) == wanted
    assert len(set(wanted)) > 1


def test_answers_of_all_adapters_computed_together_are_those_of_each(model, adapters):
    images = pictures(1)
    names = [*KINDS, "decoder"]
    streams = [view(model, name).stream(images, QUESTION, max_new_tokens=24, ignore_eos=True) for name in names]
    for stream in streams:
        stream.begin()
    together = [stream.finish().token_ids for stream in streams]
    for name, found in zip(names, together, strict=True):
        wanted = adapters[name].theirs.continued(prompt_of(model, images, QUESTION), 24, ())
        assert list(found) == wanted, name


def test_the_demonstration_model_with_its_film(tmp_path):
    from PIL import Image

    film = np.asarray(Image.open(DEMONSTRATION / "chest.jpg").convert("RGB"))
    one = tuned(DEMONSTRATION, tmp_path / "adapter", spread=0.2, **KINDS["everything"])
    with osler.load(DEMONSTRATION, precision="f32", context=1024, threads=2, adapter=one.folder) as model:
        prompt = prompt_of(model, [film], "Describe this X-ray.")
        theirs = one.theirs.logits(prompt)
        off = worst(logprobs_of(model, prompt, [film]), theirs)
        changed = worst(logprobs_of(model.adapted(None), prompt, [film]), theirs)
        print(f"worst {off:.1e}; without the adapter {changed:.2f}")
        assert off <= TOLERANCE
        assert changed > 0.1
        wanted = one.theirs.continued(prompt, 24, stop_ids(model.tokenizer))
        assert list(model.ask(film, "Describe this X-ray.", max_new_tokens=24).token_ids) == wanted


def test_an_adapter_of_a_model_without_eyes(tmp_path):
    import torch
    from transformers import AutoModelForCausalLM

    base = write_safetensors(tmp_path / "base", kind="f32", prefixes="text")
    network = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, attn_implementation="eager")
    adapt(network, tmp_path / "adapter", target_modules=["q_proj", "up_proj"])
    prompt = Prompt(ids=np.random.default_rng(0).integers(10, 300, 60), starts=(), pixels=np.empty((0, 3, 0, 0)))
    with torch.inference_mode():
        logits = network.eval()(torch.tensor(prompt.ids[None])).logits[0].numpy()
    with osler.load(base, precision="f32", context=512, threads=2, adapter=tmp_path / "adapter") as model:
        assert worst(logprobs_of(model, prompt, []), logits) <= TOLERANCE


@pytest.mark.skipif(not os.environ.get(LARGE_VARIABLE), reason=f"takes minutes: {LARGE_VARIABLE}=1 runs it")
def test_a_model_of_4b_s_shapes(tmp_path):
    base = write_safetensors(tmp_path / "base", shape=LIKE_4B)
    one = tuned(base, tmp_path / "adapter", spread=0.2, r=16, lora_alpha=32, **KINDS["everything"])
    one.theirs.torch.set_num_threads(2)
    images, folder = pictures(1), one.folder
    with open_model(base, precision="f32", context=2048, threads=2, adapters=folder) as model:
        prompt = prompt_of(model, images, "What is the finding? " * 88)
        assert len(prompt.ids) > LIKE_4B.window
        theirs = one.theirs.logits(prompt)
        del one  # both at once would take 10 GB
        gc.collect()
        off = worst(logprobs_of(model, prompt, images), theirs)
        changed = worst(logprobs_of(model.adapted(None), prompt, images), theirs)
        print(f"{len(prompt.ids)} tokens: worst {off:.1e}; without the adapter {changed:.2f}")
        assert off <= 1e-3
        assert changed > 0.1
