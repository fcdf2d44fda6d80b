"""`osler ask --confidence`, run as a person runs it, with the demonstration model."""

import json

import numpy as np
import pytest
from PIL import Image

from osler.values import NOTICE_DEMONSTRATION

QUESTION = "Is there a nodule? Answer yes or no."


@pytest.fixture
def film(tmp_path):
    Image.fromarray(np.random.default_rng(5).integers(0, 256, (70, 90, 3), np.uint8)).save(tmp_path / "film.png")
    return tmp_path / "film.png"


def test_shares_stand_below_the_answer_and_the_notice_last(osler, film):
    plain = osler("ask", film, QUESTION, "--max-new-tokens", "8")
    result = osler("ask", film, QUESTION, "--max-new-tokens", "8", "--confidence")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(plain.stdout)
    rows = [line.split() for line in result.stdout.splitlines()[-2:]]
    assert [row[0] for row in rows] == ["yes", "no"]
    assert sum(float(row[1]) for row in rows) == pytest.approx(1, abs=2e-3)
    assert "not how probable a finding is" in " ".join(result.stderr.split())
    assert result.stderr.rstrip().endswith(NOTICE_DEMONSTRATION)


def test_json_has_them_beside_the_reply(osler, film):
    result = osler(
        "ask", film, "What is it?", "--options", "a film, a smear, a slide", "--max-new-tokens", "4", "--json"
    )
    reply = json.loads(result.stdout)
    found = reply["confidence"]
    assert [one["option"] for one in found["options"]] == ["a film", "a smear", "a slide"]
    assert sum(one["share"] for one in found["options"]) == pytest.approx(1)
    assert reply["text"] is not None and found["notice"] == NOTICE_DEMONSTRATION


def test_without_it_a_reply_has_none(osler, film):
    assert "confidence" not in json.loads(osler("ask", film, QUESTION, "--max-new-tokens", "2", "--json").stdout)


def test_a_question_without_options_is_refused_before_anything_is_computed(refused, film):
    assert "neither for yes or no" in " ".join(refused("ask", film, "Describe it.", "--confidence").split())


def test_thinking_and_confidence_do_not_go_together(osler, film):
    result = osler("ask", film, QUESTION, "--confidence", "--think")
    assert result.returncode == 2 and "--think" in result.stderr
