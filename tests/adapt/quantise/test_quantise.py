"""The whole of it on a tiny model: types chosen, checked, written, and taken up again after an interruption."""

import json

import numpy as np
import pytest
from adapt.quantise.models import tiny_path
from gguf import GGUFReader
from typer.testing import CliRunner

from osler.adapt.quantise import sensitivity
from osler.adapt.quantise.exchanged import Exchanged
from osler.adapt.quantise.imatrix_file import read_importance
from osler.adapt.quantise.kept_work import KeptWork
from osler.adapt.quantise.library import find_library
from osler.adapt.quantise.quality import quality_of
from osler.adapt.quantise.quantise import Quantiser
from osler.adapt.quantise.readings import Readings
from osler.adapt.quantise.settings import Settings
from osler.adapt.quantise.target import Target
from osler.cli.main import app
from osler.errors import InputError, OptionError
from osler.tasks.load import open_model
from osler.tasks.progress import no_progress
from osler.weights.checkpoint import open_checkpoint

pytestmark = pytest.mark.skipif(find_library() is None, reason="the extra `quantise` is not installed")

WORDS = ("the", "heart", "lung", "left", "right", "upper", "lower", "normal", "effusion", "opacity", "clear", "no")
KINDS = ("Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_0")
SMALL = {"tokens": 128, "probe_tokens": 64, "check_tokens": 128, "length": 32, "threads": 1}
OPTIONS = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()] + ["--resolution", "part"]


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    generator = np.random.default_rng(3)
    rows = [{"text": " ".join(generator.choice(WORDS, 40))} for _ in range(24)]
    path = tmp_path_factory.mktemp("text") / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """What is measured in one test serves the others."""
    return tmp_path_factory.mktemp("work")


def readings(text, work=None, **settings) -> Readings:
    model = open_model(tiny_path(), precision="f32", threads=1)
    chosen = {"resolution": "part", "palette": KINDS} | SMALL | settings
    calibrate = () if text is None else (text,)
    return Readings(
        open_checkpoint(tiny_path()), model, Settings(calibrate=calibrate, work=work, **chosen), no_progress
    )


def quantiser(text, work=None, **settings) -> Quantiser:
    return Quantiser(readings(text, work, **settings))


def test_a_measured_choice_has_the_size_asked_for_and_less_divergence_than_the_plain_one(text, work):
    one = quantiser(text, work)
    target = Target(budget="Q4_K_M")
    one.refuse(target)
    found = one.choose(target)
    plain = one.checker.plan("Q4_K_M")
    assert one.sizes.file_bytes(found.kinds) <= one.sizes.file_bytes(plain)
    assert len(set(found.kinds.values())) > 1
    rows = {row.name: row for row in one.checker.table("measured", found.kinds, ["Q4_K_M", "Q4_K_M:flat"])}
    assert rows["Q4_K_M:flat"].kinds == rows["Q4_K_M"].kinds
    assert rows["Q4_K_M:flat"].quality != rows["Q4_K_M"].quality
    assert rows["Q4_K_M"].change.low > 0
    assert rows["measured"].quality.divergence.value < rows["Q4_K_M"].quality.divergence.value


def test_the_smallest_file_within_a_divergence_keeps_it(text, work):
    one = quantiser(text, work)
    found = one.choose(Target(max_divergence=0.01))
    _, checked, documents = one.checker.check({"it": found.kinds})
    assert quality_of(checked["it"], documents).divergence.value <= 0.01
    assert one.sizes.file_bytes(found.kinds) < one.sizes.file_bytes(one.checker.plan("Q8_0"))


def test_a_divergence_that_no_type_keeps_is_an_error(text, work):
    with pytest.raises(InputError, match="cannot keep the divergence below 1e-09"):
        quantiser(text, work).choose(Target(max_divergence=1e-9))


def test_a_size_out_of_reach_is_refused_before_anything_is_read(text):
    with pytest.raises(InputError, match="the least is"):
        quantiser(text / "nowhere").refuse(Target(budget=300_000))


def test_measuring_without_text_is_refused():
    with pytest.raises(OptionError, match="without a text"):
        quantiser(None).refuse(Target(max_divergence=0.1))


def test_a_smaller_budget_tries_types_that_a_larger_one_left_out(text, work):
    one = quantiser(text, work, palette=("Q2_K", "Q4_K", "Q8_0"))
    large, small = (one.choose(Target(budget=name)).kinds for name in ("Q8_0", "Q2_K"))
    assert "Q2_K" not in large.values()
    assert "Q2_K" in small.values()


def test_an_interrupted_run_measures_nothing_twice(text, work, tmp_path, monkeypatch):
    measured = []
    cost = sensitivity.Meter.cost

    def counted(self, numbers, first):
        if len(measured) == 5:
            raise KeyboardInterrupt
        measured.append(first)
        return cost(self, numbers, first)

    monkeypatch.setattr(sensitivity.Meter, "cost", counted)
    with pytest.raises(KeyboardInterrupt):
        quantiser(text, work=tmp_path / "work").choose(Target(budget="Q4_K_M"))
    monkeypatch.setattr(sensitivity.Meter, "cost", lambda *one: measured.append("again") or cost(*one))
    again = quantiser(text, work=tmp_path / "work").choose(Target(budget="Q4_K_M"))
    assert measured.count("again") == 15 - 5  # two parts of seven layers, and the embedding
    monkeypatch.setattr(sensitivity.Meter, "cost", cost)
    assert again.kinds == quantiser(text, work).choose(Target(budget="Q4_K_M")).kinds


def test_measurements_under_another_key_are_left_behind(tmp_path):
    KeptWork(tmp_path / "a.json", "key").put("cost", 1.0)
    assert KeptWork(tmp_path / "a.json", "key").get("cost") == 1.0
    assert KeptWork(tmp_path / "a.json", "another").get("cost") is None


def test_measurements_that_were_cut_off_are_made_again(tmp_path):
    KeptWork(tmp_path / "a.json", "key").put("cost", 1.0)
    (tmp_path / "a.json").write_bytes((tmp_path / "a.json").read_bytes()[:-9])
    assert KeptWork(tmp_path / "a.json", "key").get("cost") is None


def test_the_file_holds_what_was_measured(text, work, tmp_path):
    out = tmp_path / "out" / "tiny.gguf"
    given = [
        "--budget",
        "Q4_K_M",
        "--kinds",
        ",".join(KINDS),
        "--calibrate",
        str(text),
        "--chart",
        str(tmp_path / "c.png"),
    ]
    saved = ["--save-imatrix", str(tmp_path / "i.gguf"), "--json"]
    result = CliRunner().invoke(app, ["quantise", str(tiny_path()), "--out", str(out), *given, *OPTIONS, *saved])
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    rows = {row["name"]: row for row in told["rows"]}
    written = open_checkpoint(out)
    encoder = readings(text, work).encoder
    exchanged = Exchanged(open_checkpoint(tiny_path()), rows["measured"]["types"], encoder)
    for name in ("text.embedding", "text.layers.0.down", "text.layers.6.query"):
        np.testing.assert_array_equal(written.matrix(name).dequantised(), exchanged.matrix(name).dequantised())
    assert abs(out.stat().st_size - rows["measured"]["size_bytes"]) < 40_000
    assert out.stat().st_size <= rows["Q4_K_M"]["size_bytes"]
    assert written.config.vision is not None
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    assert len(read_importance(tmp_path / "i.gguf").sums) == 50
    assert "quantize.imatrix.entries_count" in GGUFReader(out).fields


def test_a_plain_type_needs_no_text(tmp_path):
    out = tmp_path / "tiny.gguf"
    result = CliRunner().invoke(app, ["quantise", str(tiny_path()), "--type", "q4_k_m", "--out", str(out)])
    assert result.exit_code == 0, result.stderr
    assert "43 Q4_K, 7 Q6_K" in result.stderr
    assert not out.with_name("tiny.gguf.work").exists()
    assert open_checkpoint(out).description.startswith("GGUF Q4_K_M")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--type", "Q4_K_M", "--budget", "2GB"], "--type"),
        ([], "--type"),
        (["--type", "Q4KM"], "--type"),
        (["--budget", "large"], "--budget"),
        (["--max-kl", "-1"], "--max-kl"),
        (["--type", "UD-Q4_K_XL"], "--calibrate"),
        (["--type", "IQ2_XXS"], "--calibrate"),
        (["--budget", "2GB", "--kinds", "Q9"], "--kinds"),
    ],
)
def test_wrong_usage_names_the_option(tmp_path, options, said):
    result = CliRunner().invoke(app, ["quantise", str(tiny_path()), "--out", str(tmp_path / "o.gguf"), *options])
    assert result.exit_code == 2
    assert said in result.stderr
    assert not list(tmp_path.iterdir())
