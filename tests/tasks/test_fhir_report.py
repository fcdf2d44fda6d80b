"""Reports as FHIR, validated by fhir.resources."""

import base64
import datetime

import numpy as np
import pytest

from osler.errors import InputError
from osler.tasks.fhir_report import diagnostic_report
from osler.testing.scripted import scripted_model
from osler.values import NOTICE, Image

r4 = pytest.importorskip("fhir.resources.R4B.diagnosticreport", reason="the extra test")

FILM = Image(pixels=np.zeros((40, 80, 3), np.uint8))
WHOLE = "FINDINGS: Lungs < heart & clear.\n\nIMPRESSION: Normal.<end_of_turn>"


def resource(answer: str = WHOLE, *, subject=None, **options):
    report = scripted_model(answer, sees=True).report(FILM, **options)
    return diagnostic_report(report, subject=subject)


@pytest.mark.parametrize("answer", [WHOLE, "Clear.<end_of_turn>", "IMPRESSION: Normal.<end_of_turn>"])
def test_every_report_is_a_valid_resource(answer):
    valid = r4.DiagnosticReport.model_validate(resource(answer, subject="Patient/17", indication="cough"))
    assert valid.get_resource_type() == "DiagnosticReport"


def test_the_impression_is_the_conclusion_and_the_findings_are_an_observation():
    made = resource()
    (findings,) = [one for one in made["contained"] if one["resourceType"] == "Observation"]
    assert made["conclusion"] == "Normal."
    assert findings["valueString"] == "Lungs < heart & clear."
    assert made["result"] == [{"reference": f"#{findings['id']}"}]


def test_the_whole_text_is_there_with_the_notice():
    text = base64.b64decode(resource()["presentedForm"][0]["data"]).decode()
    assert text.startswith("FINDINGS:\nLungs < heart & clear.")
    assert text.endswith(f"{NOTICE}\n")
    assert "Lungs &lt; heart &amp; clear." in resource()["text"]["div"]


def test_what_a_model_wrote_is_preliminary_and_half_of_it_partial():
    assert resource()["status"] == "preliminary"
    assert resource("FINDINGS: Clear lungs.", max_new_tokens=15)["status"] == "partial"


def test_nobody_is_named_unless_a_subject_is_given():
    assert "subject" not in resource()
    assert resource(subject="Patient/17")["subject"] == {"reference": "Patient/17"}


def test_the_moment_has_a_time_zone():
    assert datetime.datetime.fromisoformat(resource()["issued"]).tzinfo is not None


@pytest.mark.parametrize("subject", ["17", "Patient/", "Practitioner/3"])
def test_a_subject_that_is_no_patient_is_refused(subject):
    with pytest.raises(InputError, match="expected a reference"):
        resource(subject=subject)
