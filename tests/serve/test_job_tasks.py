"""Each task on a study of its kind, from the upload to the files that it makes."""

import csv
import io
import json

import numpy as np
import pydicom
import pytest
from serve.jobs_client import jobs_client
from tasks.labs.conftest import FIRST_PAGE, reading_model

from osler.testing.answering import answering_model
from osler.testing.dicom import make_dicom
from osler.testing.dicom_series import make_series, uid_of
from osler.testing.fhir import SECRETS, make_bundle, small_record
from osler.testing.pdf import make_pdf
from osler.testing.slide import make_slide, tissue_slide

RESTS = {"panel": None, "method": None, "specimen": None, "sample_collection_time": None}
TESTS = [
    {"name": "Haemoglobin", "result": "10.2", "unit": "g/dL", "range": "13.0 - 17.0", **RESTS},
    {"name": "Sodium", "result": "184", "unit": "mmol/L", "range": "135 - 145", **RESTS},
]
STATED = {"statements": [{"text": "Haemoglobin was 13.5 g/dL.", "sources": ["Observation/2"]}]}
STUDY = {
    "SOPInstanceUID": uid_of("film"),
    "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1",
    "StudyInstanceUID": uid_of("study"),
    "SeriesInstanceUID": uid_of("series"),
}
BOX = 'Final Answer: ```json[{"box_2d": [100, 200, 300, 400], "label": "heart"}]```'


@pytest.fixture(scope="module")
def client(nano, tmp_path_factory):
    with jobs_client(nano, tmp_path_factory.mktemp("data")) as found:
        yield found


def noise(*shape):
    return np.random.default_rng(5).integers(0, 2000, shape).astype(np.int16)


def test_a_laboratory_report_becomes_rows_and_observations(tmp_path):
    path = make_pdf(tmp_path / "report.pdf", [FIRST_PAGE])
    with jobs_client(reading_model([json.dumps(TESTS)]), tmp_path / "data") as client:
        job = client.done(task="labs", study_id=client.study(path))
        rows = list(csv.DictReader(io.StringIO(client.file(job, "rows.csv").text)))
        bundle = client.file(job, "observations.fhir.json").json()
        page = client.file(job, "report.html").text
    assert [(row["name"], row["standing"]) for row in rows] == [("Haemoglobin", "L"), ("Sodium", "H")]
    values = [one["resource"]["valueQuantity"]["value"] for one in bundle["entry"]]
    assert {row["file"] for row in rows} == {job["result"]["pages"][0]["file"]} == {"report.pdf"}
    assert bundle["resourceType"] == "Bundle" and values == [10.2, 184]
    assert '<span class="marked">10.2</span>' in page and "the result does not stand in the page&#x27;s text" in page


def test_a_record_is_answered_with_its_entries_and_without_its_patients_name(tmp_path):
    path = make_bundle(tmp_path / "record.json", small_record())
    with jobs_client(answering_model(lambda prompt: json.dumps(STATED)), tmp_path / "data") as client:
        study = client.study(path)
        job = client.done(task="record", study_id=study, question="What was the haemoglobin?", today="2021-01-01")
        page = client.file(job, "report.html").text
        described = client.http.get(f"/v1/studies/{study}").text
    assert job["result"]["text"] == "Haemoglobin was 13.5 g/dL. [Observation/2]"
    assert "2020-03-01 Haemoglobin: 13.5 g/dL" in page and "Observation/2" in page
    assert not any(secret in json.dumps(job) + page + described for secret in SECRETS)


def test_a_ct_series_is_reported_and_the_report_belongs_to_its_dicom_study(client, tmp_path):
    pytest.importorskip("highdicom", reason="the extra dicom-out")
    paths = make_series(tmp_path, noise(5, 32, 32), PatientName="Quixote^Alonso", StudyDate="20200101")
    study = client.study(*paths)
    job = client.done(task="report", study_id=study, max_new_tokens=30)
    document = pydicom.dcmread(io.BytesIO(client.file(job, "report.sr.dcm").content))
    first = pydicom.dcmread(paths[0])
    assert document.Modality == "SR" and document.StudyInstanceUID == first.StudyInstanceUID
    (source,) = job["result"]["reply"]["provenance"]["sources"]
    assert source["num_sent"] == 5
    page = client.file(job, "report.html").text
    assert page.count("<img") == 5 and "slice 5 of 5" in page and "Quixote" not in page


def test_a_report_is_made_where_what_writes_dicom_is_not_installed(client, tmp_path, monkeypatch):
    monkeypatch.setattr("osler.tasks.dicom_out.find_spec", lambda name: None)
    study = client.study(make_dicom(tmp_path / "film.dcm", noise(64, 64).astype(np.uint16), **STUDY))
    job = client.done(task="report", study_id=study, max_new_tokens=4)
    assert [file["name"] for file in job["files"]] == ["report.txt", "report.fhir.json", "report.html"]
    assert job["notes"] == [
        "no report.sr.dcm: cannot write DICOM: highdicom is not installed (pip install 'osler[dicom-out]')"
    ]


def test_a_slide_is_asked_about_by_its_patches(client, tmp_path):
    path = make_slide(tmp_path / "slide.svs", tissue_slide(2048, 2048, [(300, 400, 1200, 1200)]))
    study = client.study(path, patches=[[0, 0], [400, 500], [900, 900]])
    assert client.http.get(f"/v1/studies/{study}").json()["kind"] == "slide"
    job = client.done(task="ask", study_id=study, question="What tissue is this?", max_new_tokens=8)
    assert [image["origin"]["kind"] for image in job["result"]["provenance"]["images"]] == ["patch"] * 3
    assert client.file(job, "report.html").text.count("<img") == 3


def test_boxes_on_a_film_come_as_dicom_in_the_films_own_pixels(tmp_path):
    pytest.importorskip("highdicom", reason="the extra dicom-out")
    path = make_dicom(tmp_path / "film.dcm", noise(100, 200).astype(np.uint16), **STUDY)
    with jobs_client(reading_model([BOX, BOX]), tmp_path / "data") as client:
        job = client.done(task="locate", study_id=client.study(path), things=["heart"])
        state = pydicom.dcmread(io.BytesIO(client.file(job, "boxes.gsps.dcm").content))
        page = client.file(job, "report.html").text
    box = job["result"]["boxes"][0]["box"]
    assert (box["x0"], box["x1"], box["y0"], box["y1"]) == (40, 80, 0, 10)  # of a square of 200, the film in its middle
    assert state.Modality == "PR" and {"overlay.png", "boxes.sr.dcm"} <= {file["name"] for file in job["files"]}
    assert page.count("data:image/png") == 2 and "40, 0, 80, 10" in page


def test_files_are_called_as_their_client_calls_them(client, tmp_path):
    grey = noise(64, 64).astype(np.uint16)
    earlier, later = make_dicom(tmp_path / "a.dcm", grey), make_dicom(tmp_path / "b.dcm", grey[::-1].copy())
    studies = {"prior_id": client.study(earlier), "study_id": client.study(later)}
    job = client.done(task="compare", max_new_tokens=4, **studies)
    sources = job["result"]["reply"]["provenance"]["sources"]
    assert [file["name"] for source in sources for file in source["files"]] == ["a.dcm", "b.dcm"]
    study = client.http.get(f"/v1/studies/{studies['study_id']}").json()
    assert [one["name"] for one in study["files"]] == ["b.dcm"] and study["sources"][0]["label"] == "b.dcm"
    failed = client.ended(client.start(task="record", study_id=studies["study_id"], question="?"))
    assert "got `b.dcm`" in failed["error"]
    refused = client.http.post("/v1/studies", json={"file_ids": client.upload(make_text(tmp_path / "notes.txt"))})
    assert "`notes.txt`" in refused.json()["error"]["message"]


def test_a_study_tells_how_many_tokens_go_before_a_question(client, tmp_path):
    study = client.study(*make_series(tmp_path, noise(5, 32, 32)))
    views = client.http.get(f"/v1/studies/{study}/views").json()
    assert client.http.get(f"/v1/studies/{study}").json()["prompt_tokens"] == views["prompt_tokens"] > 5


def make_text(path):
    path.write_text("nothing of medicine")
    return path


def test_findings_of_two_films_are_told_one_by_one(tmp_path):
    path = make_dicom(tmp_path / "film.dcm", noise(64, 64).astype(np.uint16))
    with jobs_client(reading_model(["(C) Worsened"]), tmp_path / "data") as client:
        studies = {"prior_id": client.study(path), "study_id": client.study(path)}
        job = client.done(task="compare", findings=["edema"], **studies)
        page = client.file(job, "report.html").text
    assert job["result"]["changes"][0]["course"] == "worsened"
    assert "<td>edema</td><td>worsened</td>" in page


def test_options_of_a_task_reach_it(tmp_path):
    films = [make_dicom(tmp_path / f"{name}.dcm", noise(64, 64).astype(np.uint16), PatientID=name) for name in "ab"]
    said = reading_model([json.dumps({"findings": "Clear.", "impression": "Normal."}), "the same", "[]"])
    with jobs_client(said, tmp_path / "data") as client:
        first, second = map(client.study, films)
        report = client.done(task="report", study_id=first, structured=True)["result"]
        refused = client.ended(client.start(task="compare", study_id=first, prior_id=second))
        client.done(task="compare", study_id=first, prior_id=second, allow_different_patients=True)
        labs = client.done(task="labs", study_id=client.study(make_pdf(tmp_path / "a.pdf", ["x"])), flags=True)[
            "result"
        ]
    assert report["reply"]["parsed"] == {"findings": "Clear.", "impression": "Normal."}
    assert refused["status"] == "failed" and "patients" in refused["error"]
    assert "flag" in labs["pages"][0]["provenance"]["prompt"]


def test_a_server_shortens_the_answers_of_jobs_as_of_chats(nano, tmp_path):
    from serve.conftest import serving
    from serve.jobs_client import JobsClient

    from osler.serve.app import create_app
    from osler.serve.database import Database
    from osler.serve.settings import Settings
    from osler.serve.vault import Vault

    httpx = pytest.importorskip("httpx")
    database = Database(tmp_path / "server.sqlite")
    vault = Vault(tmp_path, database, keep_s=60, max_file_bytes=1_000_000)
    app = create_app(nano, "nano", uploads=vault, settings=Settings(max_new_tokens=3))
    path = make_dicom(tmp_path / "film.dcm", noise(64, 64).astype(np.uint16))
    with serving(app) as address, httpx.Client(base_url=address, timeout=60) as http:
        client = JobsClient(http)
        job = client.done(task="ask", study_id=client.study(path), question="Describe it.", max_new_tokens=100)
    database.close()
    assert job["result"]["usage"]["completion_tokens"] == 3
