"""Reports: what is asked, and what is made of the answer."""

import json

import numpy as np
import pytest

from osler.errors import PromptError
from osler.tasks.report import AGAINST_CIRCLES, REPORT_PROMPT, REPORT_SCHEMA
from osler.testing.scripted import scripted_model
from osler.values import Image

FILM = Image(pixels=np.full((60, 80, 3), 90, np.uint8))
WHOLE = "FINDINGS: Clear lungs.\n\nIMPRESSION: Normal.<end_of_turn>"


def writing(answer: str, **options):
    return scripted_model(answer, sees=True).report(FILM, **options)


def test_findings_and_impression_are_told_apart():
    report = writing(WHOLE)
    assert (report.findings, report.impression, report.has_headings, report.is_whole) == (
        "Clear lungs.",
        "Normal.",
        True,
        True,
    )
    assert report.text == "FINDINGS:\nClear lungs.\n\nIMPRESSION:\nNormal."


def test_the_prompt_follows_the_image_and_the_indication_goes_before_it():
    prompt = writing(WHOLE, indication=" cough\n").reply.provenance.prompt
    assert f"<start_of_image>Indication: cough\n{REPORT_PROMPT}<end_of_turn>" in prompt
    assert "Indication" not in writing(WHOLE).reply.provenance.prompt


def test_a_text_without_headings_is_findings():
    report = writing("The lungs are clear.<end_of_turn>")
    assert (report.findings, report.impression, report.has_headings) == ("The lungs are clear.", None, False)


def test_what_the_model_thinks_is_no_finding():
    report = writing("<unused94>thought\nFINDINGS: none yet<unused95>FINDINGS: Clear.<end_of_turn>")
    assert report.findings == "Clear."


def test_circles_are_held_back_unless_the_user_says_otherwise():
    assert AGAINST_CIRCLES.items() <= writing(WHOLE).reply.provenance.sampling.items()
    assert writing(WHOLE, dry_multiplier=0.0).reply.provenance.sampling["dry_multiplier"] == 0


def test_a_report_that_would_go_on_for_ever_says_its_sentence_a_few_times_only():
    endless = "The lungs are clear. " * 20
    report = writing(endless + "<end_of_turn>", max_new_tokens=len(endless))
    free = writing(endless + "<end_of_turn>", max_new_tokens=len(endless), dry_multiplier=0.0)
    assert free.findings.count("lungs are clear") == 20
    assert report.findings.count("lungs are clear") <= 3


def test_a_structured_report_is_held_to_its_schema():
    answer = json.dumps({"findings": "Clear lungs.", "impression": "Normal."}, separators=(",", ":"))
    report = writing(answer, structured=True)
    assert report.reply.provenance.sampling["schema"] == REPORT_SCHEMA
    assert report.is_whole
    assert report.findings
    assert report.impression


def test_half_a_structured_report_is_none():
    report = writing('{"findings":"Clear lu', structured=True, max_new_tokens=15)
    assert (report.findings, report.impression, report.is_whole) == ("", None, False)


def test_all_of_it_becomes_json():
    told = json.loads(json.dumps(writing(WHOLE, indication="cough").to_dict()))
    assert (told["findings"], told["indication"]) == ("Clear lungs.", "cough")
    assert told["notice"] == "For research and development. Not a medical device."
    assert told["reply"]["provenance"]["images"][0]["width_px"] == 80


def test_an_empty_indication_is_refused():
    with pytest.raises(PromptError, match="indication is empty"):
        writing(WHOLE, indication=" ")


def test_a_report_on_nothing_is_refused():
    with pytest.raises(PromptError, match="nothing to report on"):
        scripted_model(WHOLE, sees=True).report(None)
