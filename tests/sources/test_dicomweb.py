import os
import re
import time

import pytest
from stand_in_dicomweb import STUDY, StandInDicomweb
from stand_in_server import Answer, StandInServer

from osler.errors import DownloadError
from osler.sources.address import parse_address
from osler.sources.dicomweb import fetch_study
from osler.sources.retry import Unreachable


def instance(number: int, size: int = 3000) -> bytes:
    return bytes(128) + b"DICM" + bytes([number]) * size


def study(**series: int) -> dict[str, dict[str, bytes]]:
    """So many instances in each series; `s7=3` is three in the series 1.7."""
    return {
        f"1.{name[1:]}": {f"2.{name[1:]}.{n}": instance(n) for n in range(1, count + 1)}
        for name, count in series.items()
    }


def fetched(server, folder, rest: str = "", steps: list | None = None):
    address = parse_address(f"dicomweb://127.0.0.1:{server.port}/dicom-web/studies/{STUDY}{rest}")
    return fetch_study(address, folder, advance=lambda done, total: steps is None or steps.append((done, total)))


def retrievals(server) -> int:
    return sum("/instances/" in asked.path for asked in server.asked)


def test_all_instances_come_byte_for_byte_in_the_servers_order(tmp_path):
    stand_in, steps = StandInDicomweb(study(s7=3, s8=2)), []
    with stand_in.server() as server:
        files = fetched(server, tmp_path, steps=steps).files
    expected = [content for found in stand_in.series.values() for content in found.values()]
    assert [file.read_bytes() for file in files] == expected
    assert steps == [(number, 5) for number in range(6)]


def test_one_series_of_a_study_is_fetched_alone(tmp_path):
    with StandInDicomweb(study(s7=3, s8=2)).server() as server:
        assert len(fetched(server, tmp_path, "/series/1.8").files) == 2
        assert retrievals(server) == 2


def test_one_instance_is_fetched_without_a_search(tmp_path):
    with StandInDicomweb(study(s7=3)).server() as server:
        (file,) = fetched(server, tmp_path, "/series/1.7/instances/2.7.2").files
        assert len(server.asked) == 1
    assert file.read_bytes() == instance(2)


def test_what_is_there_is_not_fetched_again(tmp_path):
    with StandInDicomweb(study(s7=3)).server() as server:
        first = fetched(server, tmp_path).files
        assert fetched(server, tmp_path).files == first
        assert retrievals(server) == 3


@pytest.mark.parametrize("tells_length", [True, False], ids=["length told", "length not told"])
def test_an_instance_that_breaks_off_is_fetched_again(tmp_path, tells_length):
    stand_in = StandInDicomweb(study(s7=3), cuts=[500, 3100], tells_length=tells_length)
    with stand_in.server() as server:
        files = fetched(server, tmp_path).files
        assert retrievals(server) == 5
    assert [file.read_bytes() for file in files] == list(stand_in.series["1.7"].values())


def test_a_lost_connection_loses_no_instance_that_has_come(tmp_path):
    stand_in = StandInDicomweb(study(s7=5))
    stand_in.cuts = [10**6, 10**6, 500, 500, 500, 500]
    with stand_in.server() as server:
        with pytest.raises(Unreachable):
            fetched(server, tmp_path)
        assert len(list(tmp_path.rglob("*.dcm"))) == 2
        assert list(tmp_path.rglob("*.part")) == []
        server.asked.clear()
        assert len(fetched(server, tmp_path).files) == 5
        assert retrievals(server) == 3


def test_an_interruption_loses_no_instance_that_has_come(tmp_path):
    def interrupt(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with StandInDicomweb(study(s7=5)).server() as server:
        address = parse_address(f"dicomweb://127.0.0.1:{server.port}/dicom-web/studies/{STUDY}")
        with pytest.raises(KeyboardInterrupt):
            fetch_study(address, tmp_path, advance=interrupt)
        assert len(fetched(server, tmp_path).files) == 5
        assert retrievals(server) == 5


def test_what_a_killed_program_left_unfinished_is_removed(tmp_path):
    (tmp_path / "0123456789ab").mkdir()
    old, young = tmp_path / "0123456789ab" / ".old.part", tmp_path / "0123456789ab" / ".young.part"
    for path, age_s in ((old, 7200), (young, 60)):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age_s,) * 2)
    with StandInDicomweb(study(s7=1)).server() as server:
        fetched(server, tmp_path)
    assert (old.exists(), young.exists()) == (False, True)


def test_a_server_in_trouble_is_asked_again(tmp_path):
    with StandInDicomweb(study(s7=1), busy=2).server() as server:
        assert len(fetched(server, tmp_path).files) == 1


def test_an_instance_that_is_not_wrapped_is_taken(tmp_path):
    with StandInDicomweb(study(s7=1), wraps=False).server() as server:
        assert fetched(server, tmp_path).files[0].read_bytes() == instance(1)


@pytest.mark.parametrize("knows_offset", [True, False])
def test_long_lists_come_in_pages(tmp_path, knows_offset):
    with StandInDicomweb(study(s7=7), most=3, knows_offset=knows_offset).server() as server:
        assert len(fetched(server, tmp_path).files) == (7 if knows_offset else 3)


def test_series_without_images_are_left_out_and_told(tmp_path):
    with StandInDicomweb(study(s7=1, s8=1), modalities={"1.8": "SR"}).server() as server:
        found = fetched(server, tmp_path)
    assert len(found.files) == 1
    assert found.skipped == (("a series of modality SR", "it holds no images"),)


def test_names_on_the_disk_tell_no_uid_and_only_the_user_reads_them(tmp_path):
    with StandInDicomweb(study(s7=1)).server() as server:
        (file,) = fetched(server, tmp_path).files
    assert re.fullmatch(r"[0-9a-f]{12}/[0-9a-f]{24}\.dcm", file.relative_to(tmp_path).as_posix())
    assert os.name == "nt" or file.stat().st_mode & 0o077 == 0


def test_an_empty_study_is_an_error(tmp_path):
    with StandInDicomweb({}).server() as server, pytest.raises(DownloadError, match="names no images"):
        fetched(server, tmp_path)


def test_an_unknown_study_is_an_error_that_is_not_asked_twice(tmp_path):
    with StandInServer(lambda asked: Answer(status=404)) as server:
        with pytest.raises(DownloadError, match="does not have it"):
            fetched(server, tmp_path)
        assert len(server.asked) == 1


def test_a_server_that_wants_a_token_says_so_and_takes_it(tmp_path, monkeypatch):
    with StandInDicomweb(study(s7=1), token="abc").server() as server:
        with pytest.raises(DownloadError, match="gives no access") as caught:
            fetched(server, tmp_path)
        assert "OSLER_SERVER_TOKEN" in caught.value.hint
        monkeypatch.setenv("OSLER_SERVER_TOKEN", "abc")
        assert len(fetched(server, tmp_path).files) == 1


def test_what_is_no_dicom_is_refused_and_not_kept(tmp_path):
    page = b"<html>Please log in</html>" * 20
    with (
        StandInDicomweb({"1.7": {"2.1": page}}).server() as server,
        pytest.raises(DownloadError, match="no DICOM file"),
    ):
        fetched(server, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("uid", ["../../../etc", "1.2/../../x", "1" * 65, ""])
def test_a_server_cannot_name_other_places(tmp_path, uid):
    with StandInDicomweb({"1.7": {uid: instance(1)}}).server() as server:
        with pytest.raises(DownloadError, match="without a proper UID"):
            fetched(server, tmp_path)
        assert retrievals(server) == 0


def test_a_list_that_is_no_list_is_an_error(tmp_path):
    for value in ("text", [1, 2], [[]], {"a": 1}):
        with (
            StandInServer(lambda asked, value=value: Answer.json(value)) as server,
            pytest.raises(DownloadError),
        ):
            fetched(server, tmp_path)
