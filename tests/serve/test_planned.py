"""Records that are too long to be sent are studies, too."""

import json

import pytest
from serve.jobs_client import jobs_client

from osler.errors import InputError
from osler.serve.planned import plans_of
from osler.tasks.study_options import StudyOptions
from osler.testing.answering import answering_model
from osler.testing.fhir import make_bundle, make_patient, observation

STATED = {"statements": []}


@pytest.fixture
def long(tmp_path, monkeypatch):
    """A record of which a whole text would be longer than what may be sent: here 2,000 characters, else 200,000."""
    monkeypatch.setattr("osler.tasks.record_text.MOST_CHARACTERS", 2000)
    values = [{**observation("Haemoglobin", 13.5, "g/dL", "2020-03-01"), "id": f"hb{n}"} for n in range(60)]
    return make_bundle(tmp_path / "record.json", [make_patient(), *values])


def test_a_long_record_is_a_study_that_can_be_looked_at(long, tmp_path):
    with jobs_client(answering_model(lambda prompt: json.dumps(STATED)), tmp_path / "data") as client:
        study = client.study(long)
        described = client.http.get(f"/v1/studies/{study}").json()
        (viewer,) = client.http.get(f"/v1/studies/{study}/viewers").json()["data"]
        refused = client.http.get(f"/v1/studies/{study}/views")
    assert (described["kind"], described["num_images"]) == ("record", 0)
    assert viewer["counts"] == {"Observation": 60}
    assert refused.status_code == 400 and "2,000" in refused.json()["error"]["message"]


def test_what_is_planned_and_not_sent_says_why(long):
    (plan,) = plans_of(long, StudyOptions(), recipe="1.5")
    with pytest.raises(InputError, match="60 Observation"):
        plan.develop(None)


def test_a_record_of_several_patients_is_refused_at_once(tmp_path):
    patients = [make_patient(id="a"), make_patient(id="b")]
    with pytest.raises(InputError, match="one patient"):
        plans_of(make_bundle(tmp_path / "record.json", patients), StudyOptions(), recipe="1.5")
