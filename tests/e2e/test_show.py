"""`osler show`, run as a person runs it."""

import json

import numpy as np
import pytest
from PIL import Image as Pillow

from osler.imaging.digest import pixels_sha256
from osler.testing.dicom import PATIENT
from osler.testing.dicom_series import make_series


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 2000, shape, np.uint16)


@pytest.fixture
def ct(tmp_path):
    """A folder with two CT series, of 9 and of 3 slices."""
    make_series(tmp_path / "ct", noise(9, 24, 24), number=3)
    make_series(tmp_path / "ct", noise(3, 24, 24), number=5, series="short")
    return tmp_path / "ct"


def digests_in(folder) -> list[str]:
    return [pixels_sha256(np.asarray(Pillow.open(path))) for path in sorted(folder.iterdir())]


def test_the_sheet_is_written_and_the_prompt_printed_with_its_tokens(osler, tiny_folder, ct, tmp_path):
    result = osler("show", ct, "--question", "Where?", "-m", tiny_folder)
    assert result.returncode == 0, result.stderr
    assert Pillow.open(tmp_path / "osler-show.png").width > 1000
    assert result.stdout.startswith("<bos><start_of_turn>user\n")
    assert result.stdout.count("\n<start_of_image>SLICE ") == 9
    assert "SLICE 9Where?<end_of_turn>" in result.stdout
    assert "36 image + " in result.stderr
    assert "sheet: osler-show.png" in result.stderr
    assert "series 3: volume, 9 of 9 slices (best of 2 volumes" in result.stderr


def test_what_is_shown_is_what_is_sent(osler, tiny_folder, ct, tmp_path):
    choices = ("--slices", "2-8", "--window", "40,400", "-m", tiny_folder)
    shown = json.loads(osler("show", ct, "-q", "Where?", *choices, "--images", "squares", "--json").stdout)
    reply = json.loads(osler("ask", ct, "Where?", *choices, "--max-new-tokens", "1", "--json").stdout)
    made = reply["provenance"]
    assert len(made["images"]) == 7
    assert shown["provenance"]["prompt"] == made["prompt"]
    assert shown["tokens"]["prompt_tokens"] == reply["usage"]["prompt_tokens"]
    assert digests_in(tmp_path / "squares") == [image["pixels_sha256"] for image in made["images"]]
    assert shown["provenance"]["images"] == made["images"]
    assert shown["provenance"]["sources"] == made["sources"]


def test_nothing_of_the_patient_is_shown(osler, tiny_folder, ct):
    for verb in (("--json",), ("--list",), ("--list", "--json"), ()):
        result = osler("show", ct, "-m", tiny_folder, *verb)
        assert result.returncode == 0, result.stderr
        for value in PATIENT.values():
            assert value not in result.stdout + result.stderr


def test_series_are_listed_with_the_one_that_would_be_taken(osler, ct, tmp_path):
    Pillow.fromarray(noise(9, 9).astype(np.uint8)).save(tmp_path / "film.png")
    result = osler("show", ct, "film.png", "--list")
    taken, why = [line for line in result.stdout.splitlines() if line.startswith("*")]
    assert taken.split()[1] == "3"
    assert why.startswith("* 3: best of 2 volumes: before series 5 because at least 5 slices")
    assert "film.png" in result.stdout
    assert not (tmp_path / "osler-show.png").exists()
    listed = json.loads(osler("show", ct, "film.png", "--list", "--json").stdout)
    assert [(row["name"], row["num_images"], row["is_chosen"]) for row in listed["rows"]] == [
        ("3", 9, True),
        ("5", 3, False),
    ]
    assert listed["files"] == [{"kind": "png", "shown": "film.png"}]


def test_where_nothing_would_be_taken_by_itself_the_list_says_so(osler, tmp_path):
    for name in ("one", "two"):
        make_series(tmp_path / "ct", noise(6, 24, 24), study=name, series=name)
    result = osler("show", "ct", "--list")
    assert result.stdout.count("study ") == 2
    assert "None would be taken by itself: name one with --series" in result.stdout


def test_a_saved_reply_is_drawn_again_and_held_against_the_files(osler, tiny_folder, ct, tmp_path):
    asked = osler("ask", ct, "Where?", "-m", tiny_folder, "--plane", "sagittal", "--max-new-tokens", "1", "--json")
    (tmp_path / "reply.json").write_text(asked.stdout, encoding="utf-8")
    again = osler("show", ct, "--provenance", "reply.json", "--out", "again.png")
    assert again.returncode == 0, again.stderr
    assert "all 24 images are the very ones" in again.stdout
    osler("show", ct, "-m", tiny_folder, "--plane", "sagittal", "--out", "first.png")
    first, second = (np.asarray(Pillow.open(tmp_path / name)) for name in ("first.png", "again.png"))
    assert (first[:-80] == second[:-80]).all()  # all but the footer
    make_series(ct, noise(9, 24, 24) // 2, number=3)
    changed = osler("show", ct, "--provenance", "reply.json", "--json")
    assert changed.returncode == 1
    told = json.loads(changed.stdout)
    assert not told["agrees"]
    assert len(told["different_images"]) == 24
    assert len(told["different_files"]) == 9


def test_a_sheet_that_is_there_is_never_written_over(osler, refused, tiny_folder, ct, tmp_path):
    (tmp_path / "mine.png").write_bytes(b"mine")
    assert "there already" in refused("show", ct, "-m", tiny_folder, "--out", "mine.png")
    assert (tmp_path / "mine.png").read_bytes() == b"mine"
    osler("show", ct, "-m", tiny_folder)
    assert "osler-show-2.png" in osler("show", ct, "-m", tiny_folder).stderr


def test_too_many_slices_are_refused_with_the_numbers_and_the_option(osler, refused, tiny_folder, ct):
    error = refused("show", ct, "-m", tiny_folder, "--context", "200")
    assert "36 of 9 images" in error
    assert "the context holds 200" in error
    assert "--fit" in error
    result = osler("show", ct, "-m", tiny_folder, "--context", "200", "--fit")
    assert result.returncode == 0, result.stderr
    assert "of 9 slices" in result.stderr


def test_without_a_model_the_demonstration_model_is_shown_for_and_said_to_be(osler, ct):
    result = osler("show", ct)
    assert "model: osler-nano" in result.stderr
    assert "MedGemma sees 896 × 896 px and reads 2,304 image tokens" in result.stderr
