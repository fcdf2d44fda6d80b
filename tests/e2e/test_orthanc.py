"""A study read from a real Orthanc on loopback, over lines that break."""

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
import requests
from pydicom.uid import generate_uid
from stand_in_server import CuttingProxy

from osler.sources import dicomweb, retry
from osler.sources.retry import Unreachable
from osler.tasks.gather import FETCHING, gather
from osler.testing.dicom import make_dicom

PLUGINS = [path for path in Path("/usr/share/orthanc/plugins").glob("libOrthancDicomWeb.so*") if path.exists()]
ORTHANC = shutil.which("Orthanc", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
PATIENCE_S = 30
NUM_IMAGES = 12
WHOLE = 10**9  # a connection that lives: the one of the searches

pytestmark = pytest.mark.skipif(
    ORTHANC is None or not PLUGINS,
    reason="Orthanc and its DICOMweb plugin are not installed (orthanc, orthanc-dicomweb)",
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    """The port of an Orthanc with nothing in it."""
    folder, port = tmp_path_factory.mktemp("orthanc"), free_port()
    configuration = {
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [str(PLUGINS[0])],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    (folder / "orthanc.json").write_text(json.dumps(configuration))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([str(ORTHANC), folder / "orthanc.json"], stdout=log, stderr=log, cwd=folder)
    try:
        _wait_for(f"http://127.0.0.1:{port}/dicom-web/studies", server, folder / "log")
        yield port
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def _wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and server.poll() is None:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    pytest.fail(f"Orthanc does not start: {log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="module")
def study(orthanc, tmp_path_factory):
    """The UIDs of a CT study of two series that Orthanc holds, and the files that were sent to it."""
    folder, uid, files = tmp_path_factory.mktemp("study"), generate_uid(), {}
    for number, count in ((1, NUM_IMAGES), (2, 3)):
        series = generate_uid()
        for index in range(count):
            pixels = np.random.default_rng(index).integers(0, 2000, (64, 64), np.int16)
            path = make_dicom(
                folder / f"{number}-{index}",
                pixels,
                modality="CT",
                StudyInstanceUID=uid,
                SeriesInstanceUID=series,
                SeriesNumber=number,
                InstanceNumber=index + 1,
                compression="none" if index % 2 else "jpeg2000",
            )
            files[path] = series
            requests.post(
                f"http://127.0.0.1:{orthanc}/instances", data=path.read_bytes(), timeout=10
            ).raise_for_status()
    return uid, files


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OSLER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(retry, "WAITS_S", (0.05, 0.05, 0.05))


def address(port: int, uid: str) -> str:
    return f"dicomweb://127.0.0.1:{port}/dicom-web/studies/{uid}"


def pixels_of(paths) -> dict[str, bytes]:
    datasets = [pydicom.dcmread(path) for path in paths]
    return {dataset.SOPInstanceUID: dataset.PixelData for dataset in datasets}


def test_a_study_comes_as_it_was_stored(orthanc, study):
    uid, files = study
    told = []
    gathered = gather([address(orthanc, uid)], progress=lambda *step: told.append(step))
    assert pixels_of(found.path for found in gathered.found) == pixels_of(files)
    assert told[-1] == (FETCHING, NUM_IMAGES + 3, NUM_IMAGES + 3)


def test_one_series_comes_alone(orthanc, study):
    uid, files = study
    second = list(files.values())[-1]
    gathered = gather([f"{address(orthanc, uid)}/series/{second}"])
    assert pixels_of(found.path for found in gathered.found) == pixels_of(
        path for path, series in files.items() if series == second
    )


def test_a_line_that_breaks_again_and_again_gives_the_whole_study_in_the_end(orthanc, study):
    uid, files = study
    with CuttingProxy(orthanc, cuts=[300, WHOLE, 40_000, 9_000, 20_000, 200]) as proxy:
        gathered = gather([address(proxy.port, uid)])
        assert proxy.num_cut == 5
    assert pixels_of(found.path for found in gathered.found) == pixels_of(files)


def test_a_fetch_that_was_given_up_goes_on_where_it_ended(orthanc, study, tmp_path):
    uid, files = study
    with CuttingProxy(orthanc, cuts=[WHOLE, 40_000, 10, 10, 10]) as proxy:
        source = address(proxy.port, uid)
        with pytest.raises(Unreachable):
            gather([source])
        before = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.dcm")}
        assert 0 < len(before) < len(files)
        gathered = gather([source])
    assert pixels_of(found.path for found in gathered.found) == pixels_of(files)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_study_that_it_does_not_have_is_an_error(orthanc, refused):
    error = refused("show", address(orthanc, "1.2.3"))
    assert "names no images" in error or "does not have it" in error


def test_show_draws_what_the_server_holds(orthanc, study, osler, tmp_path):
    uid, _ = study
    result = osler("show", address(orthanc, uid), "--list")
    assert result.returncode == 0, result.stderr
    assert "CT" in result.stdout
    assert uid not in result.stdout + result.stderr


def test_ask_answers_about_what_the_server_holds(orthanc, study, osler):
    uid, _ = study
    result = osler("ask", address(orthanc, uid), "What is this?", "--json", "--series", "2", "--max-new-tokens", "2")
    assert result.returncode == 0, result.stderr
    (source,) = json.loads(result.stdout)["provenance"]["sources"]
    assert (source["kind"], source["num_sent"], len(source["files"])) == ("volume", 3, 3)
    assert uid not in result.stdout + result.stderr


def test_searches_come_in_pages(orthanc, study, monkeypatch):
    uid, files = study
    monkeypatch.setattr(dicomweb, "PAGE", 5)
    assert len(gather([address(orthanc, uid)]).found) == len(files)
