"""`--adapter` wherever a verb answers with a model."""

import json

import pytest
from typer.testing import CliRunner

import osler
from osler.cli.main import app
from osler.testing.shape import BLOCK_SHAPE
from osler.testing.tiny import write_safetensors
from osler.testing.tiny_adapter import write_adapter

SMALL = ["--precision", "f32", "--context", "256", "--threads", "1"]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("cli")
    write_safetensors(root / "base", kind="f32", vision=False)
    write_adapter(root / "tuned", seed=1)
    write_adapter(root / "others", shape=BLOCK_SHAPE)
    return root


def test_an_answer_is_the_adapters_and_says_so(root):
    asked = ["ask", "what", "--max-new-tokens", "6", "--json", "--model", str(root / "base"), *SMALL]
    shown = CliRunner().invoke(app, [*asked, "--adapter", str(root / "tuned")])
    assert shown.exit_code == 0, shown.output
    reply = json.loads(shown.stdout)
    with osler.load(root / "base", precision="f32", context=256, threads=1, adapter=root / "tuned") as model:
        assert reply["text"] == model.ask(None, "what", max_new_tokens=6).text
        assert reply["text"] != model.adapted(None).ask(None, "what", max_new_tokens=6).text
    assert reply["provenance"]["model"].startswith("base with adapter tuned")


@pytest.mark.parametrize(
    "verb", ["ask", "chat", "report", "compare", "locate", "labs", "record", "show", "eval run", "bench"]
)
def test_every_verb_that_answers_takes_one(verb):
    assert "--adapter" in CliRunner().invoke(app, [*verb.split(), "--help"], env={"COLUMNS": "200"}).output


def test_an_adapter_of_another_model_is_refused_in_words(root):
    shown = CliRunner().invoke(app, ["ask", "x", "--model", str(root / "base"), "--adapter", str(root / "others")])
    assert shown.exit_code == 1
    assert "cannot use adapter `others`" in shown.output


@pytest.mark.parametrize("given", ["tuned", "=tuned", "tuned="])
def test_a_server_is_told_adapters_by_name(root, given):
    shown = CliRunner().invoke(app, ["serve", "--model", str(root / "base"), "--adapter", given])
    assert shown.exit_code == 2 and "NAME=DIR" in shown.output


def test_a_server_cannot_call_two_adapters_alike(root):
    given = ["--adapter", f"a={root / 'tuned'}", "--adapter", f"a={root / 'others'}"]
    shown = CliRunner().invoke(app, ["serve", "--model", str(root / "base"), *given])
    assert shown.exit_code == 2 and "named twice" in shown.output


def test_another_programs_model_takes_none(root, tmp_path):
    import typer

    from osler.cli.eval_run import ServerOptions, remote
    from osler.cli.options import LoadingOptions

    with pytest.raises(typer.BadParameter, match="its own models"):
        remote(LoadingOptions(adapter=root / "tuned"), ServerOptions(server="http://127.0.0.1:1/v1"), None)
