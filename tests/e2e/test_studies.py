"""`osler ask` about every kind of study, run as a person runs it, on made files and a tiny model."""

import json
import zipfile

import numpy as np
import pytest
from PIL import Image as Pillow

from osler.testing.dicom import PATIENT, make_dicom
from osler.testing.dicom_series import make_series


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 2000, shape, np.uint16)


@pytest.fixture
def asked(osler, tiny_folder):
    """Ask about files, and give the reply's provenance; nothing of a patient's may be in what is printed."""

    def ask(*arguments) -> dict:
        result = osler("ask", *arguments, "-m", tiny_folder, "--max-new-tokens", "1", "--json")
        assert result.returncode == 0, result.stderr
        for value in PATIENT.values():
            assert value not in result.stdout + result.stderr
        return json.loads(result.stdout)["provenance"]

    return ask


def test_a_folder_with_a_ct(asked, tmp_path):
    make_series(tmp_path / "ct", noise(6, 24, 24), number=3)
    made = asked(tmp_path / "ct", "Where?")
    (source,) = made["sources"]
    assert (source["kind"], source["num_sent"], source["num_available"]) == ("volume", 6, 6)
    assert [image["origin"]["number"] for image in made["images"]] == [1, 2, 3, 4, 5, 6]
    assert made["images"][0]["origin"]["windows"] == [[-1024, 1024], [-135, 215], [0, 80]]
    assert made["prompt"].count("<start_of_image>SLICE ") == 6


def test_a_zip_with_an_mr_series(asked, tmp_path):
    paths = make_series(tmp_path / "mr", noise(5, 24, 24), modality="MR", rescale=None)
    with zipfile.ZipFile(tmp_path / "mr.zip", "w") as archive:
        for path in paths:
            archive.write(path, path.name)
    made = asked(tmp_path / "mr.zip", "Where?", "--plane", "coronal", "--max-slices", "4")
    assert {image["origin"]["plane"] for image in made["images"]} == {"coronal"}
    assert len(made["images"]) == 4


def test_a_prior_and_a_current_film_in_the_order_of_time(asked, tmp_path):
    for name, date in (("b", "20200101"), ("a", "20210101")):
        make_dicom(tmp_path / f"{name}.dcm", noise(20, 20), StudyInstanceUID=f"1.2.{date}", StudyDate=date)
    made = asked(tmp_path / "a.dcm", tmp_path / "b.dcm", "What changed?")
    assert [image["file"]["name"] for image in made["images"]] == ["b.dcm", "a.dcm"]


def test_a_film_with_its_quarters(asked, tmp_path):
    Pillow.fromarray(noise(60, 80).astype(np.uint8)).save(tmp_path / "film.png")
    made = asked(tmp_path / "film.png", "Where?", "--tiles", "2x2")
    assert len(made["images"]) == 5
    assert [image["origin"]["region_px"] for image in made["images"][1:]] == [
        [0, 0, 40, 30],
        [40, 0, 40, 30],
        [0, 30, 40, 30],
        [40, 30, 40, 30],
    ]


def test_a_study_is_attached_in_a_conversation(osler, tiny_folder, tmp_path):
    make_series(tmp_path / "ct", noise(4, 24, 24), number=3)
    lines = f"/image {tmp_path / 'ct'}\nWhere?\nAnd now?\n/save talk.json\n"
    result = osler("chat", "-m", tiny_folder, "--max-new-tokens", "1", stdin=lines)
    assert result.returncode == 0, result.stderr
    assert "(4 images)" in result.stderr
    saved = json.loads((tmp_path / "talk.json").read_text(encoding="utf-8"))
    assert [len(reply["provenance"]["images"]) for reply in saved["replies"]] == [4, 4]
    assert [source["kind"] for source in saved["replies"][1]["provenance"]["sources"]] == ["volume"]


def test_a_question_that_names_the_patient_needs_permission(osler, refused, tiny_folder, tmp_path):
    path = make_dicom(tmp_path / "film.dcm", noise(20, 20))
    named = f"Has {PATIENT['PatientName'].partition('^')[0]} a fracture?"
    error = refused("ask", path, named, "-m", tiny_folder)
    assert "--allow-phi" in error
    assert PATIENT["PatientName"].partition("^")[0] not in error
    assert osler("ask", path, named, "-m", tiny_folder, "--max-new-tokens", "1", "--allow-phi").returncode == 0


def test_thinning_is_said(osler, refused, tiny_folder, tmp_path):
    make_series(tmp_path / "ct", noise(40, 16, 16), number=3)
    asking = ("ask", tmp_path / "ct", "Where?", "-m", tiny_folder, "--context", "200", "--max-new-tokens", "5")
    assert "--fit" in refused(*asking)
    result = osler(*asking, "--fit")
    assert result.returncode == 0, result.stderr
    assert "of 40 slices" in result.stderr


@pytest.mark.parametrize("thing", ["folder", "address"])
def test_a_forgotten_question_is_wrong_usage(osler, tiny_folder, tmp_path, thing):
    (tmp_path / "folder").mkdir()
    last = tmp_path / "folder" if thing == "folder" else "dicomweb://localhost:8042/studies/1.2.3"
    result = osler("ask", last, "-m", tiny_folder)
    assert result.returncode == 2
    assert "what to ask" in result.stderr
