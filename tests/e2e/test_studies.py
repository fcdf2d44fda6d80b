"""`osler ask` about every kind of study, run as a person runs it, on made files and a tiny model."""

import json
import zipfile

import numpy as np
import pytest
from PIL import Image as Pillow

from osler.testing.dicom import PATIENT, make_dicom
from osler.testing.dicom_series import make_series
from osler.testing.dicom_slide import make_dicom_slide
from osler.testing.fhir import make_bundle, small_record
from osler.testing.itk import make_nrrd
from osler.testing.nifti import make_nifti
from osler.testing.pdf import make_pdf
from osler.testing.slide import make_slide, tissue_slide
from osler.testing.tiny import write_gguf


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


def test_a_nifti_brain_cut_in_another_plane(asked, tmp_path):
    make_nifti(tmp_path / "brain.nii.gz", noise(20, 22, 24).astype(np.int16), np.eye(4), compressed=True)
    made = asked(tmp_path / "brain.nii.gz", "Where?", "--plane", "coronal", "--modality", "MR", "--slices", "5-9")
    (source,) = made["sources"]
    assert source["choices"]["slices"] == [5, 6, 7, 8, 9]
    assert {image["origin"]["plane"] for image in made["images"]} == {"coronal"}


def test_volumes_that_are_named_together_are_one_stack(asked, tmp_path):
    make_nifti(tmp_path / "t1.nii", noise(12, 12, 6).astype(np.int16), np.eye(4))
    make_nrrd(tmp_path / "t2.nrrd", noise(12, 12, 6).astype(np.int16), np.eye(4))
    made = asked(tmp_path / "t1.nii", tmp_path / "t2.nrrd", "Where?", "--plane", "axial", "--max-slices", "8")
    (source,) = made["sources"]
    assert source["num_available"] == 24
    assert [image["file"]["name"] for image in made["images"]] == ["t1.nii"] * 4 + ["t2.nrrd"] * 4
    assert "<start_of_image>SLICE 8Where?" in made["prompt"]


@pytest.mark.parametrize("form", ["aperio", "dicom"])
def test_a_whole_slide(asked, tmp_path, form):
    pixels = tissue_slide(2000, 3000, [(0, 0, 1900, 1900)])
    make = make_slide if form == "aperio" else make_dicom_slide
    name = "slide.svs" if form == "aperio" else "slide"
    make(tmp_path / name, pixels, mpp_um=1.0, factors=(4,) if form == "aperio" else (1, 4))
    made = asked(tmp_path / name, "What tissue?", "--max-patches", "3")
    (source,) = made["sources"]
    assert source["kind"] == "slide"
    assert 1 <= len(made["images"]) <= 3
    assert {tuple(image["origin"]["region_px"][2:]) for image in made["images"]} == {(896, 896)}
    assert made["images"][0]["origin"]["magnification"] == 10.0


def test_some_pages_of_a_document(asked, tmp_path):
    make_pdf(tmp_path / "labs.pdf", ["Haemoglobin 10.2", "CRP 88", "Sodium 140"])
    made = asked(tmp_path / "labs.pdf", "Which values are high?", "--pages", "2-3", "--dpi", "72")
    assert [image["origin"]["number"] for image in made["images"]] == [2, 3]
    assert (made["images"][0]["width_px"], made["images"][0]["height_px"]) == (595, 842)


def test_a_record_is_text_that_a_model_without_eyes_reads(osler, tmp_path):
    blind = write_gguf(tmp_path / "blind.gguf", projector=None)
    bundle = make_bundle(tmp_path / "bundle.json", small_record())
    result = osler("ask", bundle, "What hurts?", "-m", blind, "--max-new-tokens", "1", "--json")
    assert result.returncode == 0, result.stderr
    made = json.loads(result.stdout)["provenance"]
    assert "Osteoarthritis of knee" in made["prompt"]
    assert made["images"] == []
    assert made["sources"][0]["kind"] == "record"
    for secret in ("Quixote", "Alonso", "LAMANCHA", "1947-09-29"):
        assert secret not in result.stdout + result.stderr


def test_kinds_are_mixed_in_the_order_in_which_they_are_named(asked, tmp_path):
    make_series(tmp_path / "ct", noise(3, 24, 24), number=3)
    make_pdf(tmp_path / "labs.pdf", ["CRP 88"])
    bundle = make_bundle(tmp_path / "bundle.json", small_record())
    made = asked(tmp_path / "labs.pdf", tmp_path / "ct", bundle, "What is it?")
    assert [source["kind"] for source in made["sources"]] == ["document", "volume", "record"]
    assert (
        made["prompt"].index("SLICE 3") < made["prompt"].index("Osteoarthritis") < made["prompt"].index("What is it?")
    )


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
