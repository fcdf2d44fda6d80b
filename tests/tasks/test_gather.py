import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from pydicom.data import get_testdata_file
from stand_in_dicomweb import STUDY, StandInDicomweb
from stand_in_server import Answer, StandInServer

from osler.errors import InputError, OptionError
from osler.sources import retry
from osler.tasks import gather as gathering
from osler.tasks.gather import FETCHING, LOOKING, UNPACKING, fetched_folder, gather, naming_as_written
from osler.testing.dicom import PATIENT, make_dicom

PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
DISC = Path(str(get_testdata_file("DICOMDIR", download=False))).parent


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """A cache and temporary files that go with the test."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("OSLER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(retry, "WAITS_S", (0.01, 0.01, 0.01))
    monkeypatch.delenv("OSLER_SERVER_TOKEN", raising=False)


@pytest.fixture
def study(tmp_path):
    """A folder with a film, a picture, prose, and more of it below."""
    folder = tmp_path / "study"
    (folder / "b").mkdir(parents=True)
    make_dicom(folder / "film", PIXELS[:, :, 0])
    Pillow.fromarray(PIXELS).save(folder / "b" / "picture", "png")
    (folder / "b" / "notes.txt").write_text("words")
    (folder / "empty").touch()
    return folder


def names(gathered) -> list[tuple[str, str]]:
    return [(found.kind, found.path.name) for found in gathered.found]


def zipped(folder: Path, path: Path) -> Path:
    return Path(shutil.make_archive(str(path.with_suffix("")), "zip", folder))


def test_named_files_come_in_their_order_under_the_name_they_were_given(study, monkeypatch):
    monkeypatch.chdir(study)
    gathered = gather(["./b/picture", Path("film"), "./b/picture"])
    assert [(found.kind, found.shown) for found in gathered.found] == [
        ("png", "./b/picture"),
        ("dicom", "film"),
        ("png", "./b/picture"),
    ]


def test_a_named_file_that_is_not_read_is_an_error(study):
    with pytest.raises(InputError, match=r"notes\.txt"):
        gather([study / "film", study / "b" / "notes.txt"])


def test_a_source_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        gather([tmp_path / "gone"])


def test_a_folder_gives_all_files_below_it_and_says_what_it_skips(study):
    gathered = gather([study])
    assert names(gathered) == [("dicom", "film"), ("png", "picture")]
    assert gathered.found[1].shown == str(study / "b" / "picture")
    reasons = dict(gathered.skipped)
    assert reasons[str(study / "empty")] == "it is empty (0 bytes)"
    assert "unknown kind" in reasons[str(study / "b" / "notes.txt")]


def test_reasons_name_no_file(study):
    assert not any("study" in reason or "notes" in reason for _, reason in gather([study]).skipped)


def test_hidden_files_and_what_macos_leaves_are_passed_over(study):
    for name in (".hidden", "__MACOSX"):
        (study / name).mkdir()
        shutil.copy(study / "film", study / name / "film")
    shutil.copy(study / "film", study / ".film")
    assert len(gather([study]).found) == 2


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_that_lead_in_a_circle_end(study):
    (study / "b" / "up").symlink_to(study, target_is_directory=True)
    (study / "c").symlink_to(study / "b", target_is_directory=True)
    (study / "again").symlink_to(study / "film")
    assert len(gather([study]).found) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_a_folder_is_skipped(study):
    os.mkfifo(study / "pipe")
    assert "pipe" in dict(gather([study]).skipped)[str(study / "pipe")]


def test_a_folder_and_a_file_in_it_give_the_file_once(study):
    assert names(gather([study / "b" / "picture", study])) == [("png", "picture"), ("dicom", "film")]


def test_a_folder_of_too_many_files_is_refused(study, monkeypatch):
    monkeypatch.setattr(gathering, "MAX_FILES", 3)
    with pytest.raises(InputError, match="more than 3 files"):
        gather([study])


def test_the_inside_of_a_mirax_slide_is_no_study_of_its_own(tmp_path):
    folder = tmp_path / "slides"
    (folder / "one").mkdir(parents=True)
    Pillow.fromarray(PIXELS).save(folder / "one.mrxs", "jpeg")
    (folder / "one" / "Slidedat.ini").write_text("[GENERAL]")
    Pillow.fromarray(PIXELS).save(folder / "one" / "Data0000.dat", "jpeg")
    assert names(gather([folder])) == [("slide", "one.mrxs")]


def test_an_archive_gives_what_its_folder_would(study, tmp_path):
    gathered = gather([zipped(study, tmp_path / "study.zip")])
    assert names(gathered) == names(gather([study]))
    assert gathered.found[1].shown == str(tmp_path / "study.zip" / Path("b/picture"))
    assert len(gathered.skipped) == 2


def test_archives_in_archives_are_unpacked_but_not_without_end(study, tmp_path):
    path = zipped(study, tmp_path / "0.zip")
    for depth in range(1, 4):
        folder = tmp_path / f"in{depth}"
        folder.mkdir()
        shutil.move(path, folder / "inner.zip")
        path = zipped(folder, tmp_path / f"{depth}.zip")
        found = gather([path])
        assert len(found.found) == (2 if depth < 2 else 0)
    assert "an archive in 2 others" in dict(found.skipped).values()


def test_a_damaged_archive_is_an_error_where_named_and_skipped_in_a_folder(study):
    (study / "bad.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(InputError, match=r"bad\.zip"):
        gather([study / "bad.zip"])
    gathered = gather([study])
    assert len(gathered.found) == 2
    assert "damaged or cut off" in dict(gathered.skipped)[str(study / "bad.zip")]


@pytest.mark.skipif(os.name == "nt", reason="it has other rights")
def test_only_this_user_reads_what_was_unpacked(study, tmp_path):
    found = gather([zipped(study, tmp_path / "study.zip")]).found[0]
    place = next(parent for parent in found.path.parents if parent.parent == tmp_path / "temporary")
    assert place.stat().st_mode & 0o077 == 0


def test_what_was_unpacked_is_gone_when_the_program_ends(study, tmp_path):
    path = zipped(study, tmp_path / "study.zip")
    program = "import sys; from osler.tasks.gather import gather; print(gather([sys.argv[1]]).found[0].path)"
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary"), "PYTHONPATH": str(Path(__file__).parents[2])}
    result = subprocess.run(
        [sys.executable, "-c", program, path], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.startswith(str(tmp_path / "temporary"))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_dicomdir_gives_the_files_that_it_names():
    gathered = gather([DISC / "DICOMDIR"])
    assert {found.kind for found in gathered.found} == {"dicom"}
    assert len(gathered.found) == 31
    assert gathered.skipped == ()


def test_files_that_a_dicomdir_names_in_vain_are_told(tmp_path):
    shutil.copytree(DISC, tmp_path / "disc")
    shutil.rmtree(tmp_path / "disc" / "98892003")
    gathered = gather([tmp_path / "disc" / "DICOMDIR"])
    assert {reason for _, reason in gathered.skipped} == {"named by the DICOMDIR, and not there"}
    assert len(gathered.found) + len(gathered.skipped) == 31


def test_a_dicomdir_of_nothing_is_an_error(tmp_path):
    shutil.copy(DISC / "DICOMDIR", tmp_path)
    with pytest.raises(InputError, match="names 31 files, and none of them is there") as caught:
        gather([tmp_path / "DICOMDIR"])
    assert caught.value.hint


def test_a_disc_named_as_a_folder_gives_its_files_once():
    gathered = gather([DISC / "77654033", DISC / "DICOMDIR"])
    assert len(gathered.found) == 31


def test_progress_tells_of_folders_and_archives(study, tmp_path):
    told = []
    gather([zipped(study, tmp_path / "study.zip")], progress=lambda *step: told.append(step))
    assert told[-1] == (LOOKING, 4, 4)
    assert [step[0] for step in told].index(UNPACKING) == 0


@pytest.fixture
def server(study):
    content = (study / "film").read_bytes()
    with StandInDicomweb({"1.7": {"2.1": content, "2.2": content + b"\0\0"}}).server() as running:
        yield running


def address(server) -> str:
    return f"dicomweb://127.0.0.1:{server.port}/dicom-web/studies/{STUDY}"


def test_a_study_on_a_server_is_fetched_and_kept_apart_from_its_uids(server):
    told = []
    gathered = gather([address(server)], progress=lambda *step: told.append(step))
    assert [found.kind for found in gathered.found] == ["dicom", "dicom"]
    assert gathered.found[1].shown == f"{address(server)} (image 2)"
    assert told == [(FETCHING, 0, 2), (FETCHING, 1, 2), (FETCHING, 2, 2)]
    assert all(fetched_folder() in found.path.parents and STUDY not in str(found.path) for found in gathered.found)
    assert os.name == "nt" or fetched_folder().stat().st_mode & 0o077 == 0
    server.asked.clear()
    assert gather([address(server)]) == gathered
    assert not any("/instances/" in asked.path for asked in server.asked)


def test_studies_that_nobody_asks_for_are_forgotten(server):
    gather([address(server)])
    (kept,) = fetched_folder().iterdir()
    for name, days in (("old", 8), ("young", 6)):
        (fetched_folder() / name).mkdir()
        os.utime(fetched_folder() / name, (time.time() - days * 86_400,) * 2)
    os.utime(kept, (0, 0))
    gather([address(server)])
    assert {path.name for path in fetched_folder().iterdir()} == {kept.name, "young"}
    assert time.time() - kept.stat().st_mtime < 60


def test_a_record_on_a_server_comes_as_lines_outside_the_cache(tmp_path):
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": {"resourceType": kind}} for kind in ("Patient", "Group")],
    }
    with StandInServer(lambda asked: Answer.json(bundle)) as server:
        (found,) = gather([f"{server.url}/fhir/Patient/7"]).found
    assert (found.kind, found.shown) == ("ndjson", f"{server.url}/fhir/Patient/7")
    assert [json.loads(line)["resourceType"] for line in found.path.read_text().splitlines()] == ["Patient", "Group"]
    assert not (tmp_path / "cache").exists()


def test_errors_name_files_as_they_were_written(study, tmp_path):
    found = gather([zipped(study, tmp_path / "study.zip")]).found
    with pytest.raises(InputError) as caught, naming_as_written(found):
        raise InputError(f"cannot read `{found[0].path}`: damaged", hint="copy it again")
    assert caught.value.message == f"cannot read `{tmp_path / 'study.zip' / 'film'}`: damaged"
    assert caught.value.hint == "copy it again" and caught.value.message in str(caught.value)


def test_an_error_about_an_option_stays_one(study, tmp_path):
    found = gather([zipped(study, tmp_path / "study.zip")]).found
    with pytest.raises(OptionError) as caught, naming_as_written(found):
        raise OptionError(f"`{found[0].path}` has no page 9", name="pages", expected="1 to 3")
    assert caught.value.expected == "1 to 3" and str(tmp_path / "study.zip" / "film") in caught.value.message


def test_nothing_of_the_patient_is_told(study):
    told = []
    gathered = gather([study], progress=lambda *step: told.append(step))
    assert not any(value in f"{gathered} {told}" for value in PATIENT.values())


NAMES = st.text("ab./\\:_ é\0", min_size=1, max_size=12).filter(lambda name: name[0] != "\0")  # else zipfile gives up
CONTENTS = st.sampled_from(
    [b"", b"words", b"%PDF-1.4", b"GIF89a", b"\x89PNG\r\n\x1a\n", b'{"resourceType": "Patient"}']
)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.tuples(NAMES, CONTENTS), max_size=6), inner=st.booleans())
def test_whatever_an_archive_holds_what_is_found_lies_inside_the_temporary_folder(tmp_path, files, inner):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    path = tmp_path / "fuzz.zip"
    path.write_bytes(stream.getvalue())
    if inner:
        with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
            archive.write(path, "fuzz.zip")
        path = tmp_path / "outer.zip"
    gathered = gather([path])
    assert all((tmp_path / "temporary").resolve() in found.path.resolve().parents for found in gathered.found)
    assert len(gathered.found) + len(gathered.skipped) <= len(files)
