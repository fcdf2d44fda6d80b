"""`osler record`, run as a person runs it."""

import gzip
import json
from pathlib import Path

import pytest

from osler.testing.fhir import make_bundle, small_record

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def small(tmp_path):
    return make_bundle(tmp_path / "record.json", small_record())


@pytest.fixture
def patient(tmp_path):
    """A generated patient of 284 entries."""
    path = tmp_path / "patient.json"
    path.write_bytes(gzip.decompress((GOLDEN / "clinosim_patient.json.gz").read_bytes()))
    return path


def test_the_demonstration_model_answers_from_a_small_record(osler, small):
    result = osler("record", small, "What was the latest haemoglobin?", "--today", "2026-06-30", "--steps")
    assert result.returncode == 0, result.stderr
    assert result.stdout
    assert "1. answer (model): " in result.stderr
    assert result.stderr.rstrip().endswith("Not for medical use.")


def test_a_random_model_cites_only_what_is_there(osler, tiny_folder, patient):
    """Sampled at temperature 1, it asks for anything that the forms allow."""
    result = osler(
        *("record", patient, "What was found?", "--model", tiny_folder, "--mode", "navigate", "--json"),
        *("--temperature", "1", "--seed", "3", "--today", "2026-06-30"),
    )
    answer = json.loads(result.stdout)
    ids = {entry["resource"]["id"] for entry in json.loads(patient.read_bytes())["entry"]}
    cited = {source.partition("/")[2] for statement in answer["statements"] for source in statement["sources"]}
    assert cited <= ids
    assert {citation["reference"].partition("/")[2] for citation in answer["citations"]} == cited
    assert [step["name"] for step in answer["trace"]][:2] == ["manifest", "types"]
    assert answer["num_read"] <= answer["num_entries"] == 284


def test_a_question_that_names_the_patient_is_refused(refused, small):
    assert "holds the patient's name" in refused("record", small, "How is Quixote?")


def test_what_is_no_record_is_refused(refused, tmp_path):
    (tmp_path / "x.txt").write_text("Hello")
    assert "cannot read `x.txt`" in refused("record", "x.txt", "What is it?")
