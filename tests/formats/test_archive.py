import io
import stat
import struct
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from osler.errors import InputError
from osler.formats import archive as archiving
from osler.formats.archive import Allowance, unpack

STILL = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def folder(tmp_path):
    """Where things are unpacked; beside it, nothing may appear."""
    inside = tmp_path / "place" / "inside"
    inside.mkdir(parents=True)
    return inside


def packed(path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def unpacked(path, folder, allowance: Allowance | None = None):
    return unpack(path, folder, allowance or Allowance(), shown="study.zip", advance=lambda done, total: None)


def contents(folder) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_files_come_out_in_their_folders(tmp_path, folder, method):
    files = {"CT/IM1": b"one" * 1000, "CT/IM2": b"two", "report.pdf": b""}
    assert unpacked(packed(tmp_path / "a.zip", files, method), folder) == ()
    assert contents(folder) == files


def test_progress_ends_at_all_bytes(tmp_path, folder):
    steps = []
    path = packed(tmp_path / "a.zip", {"a": b"12345", "b": b"678"})
    unpack(path, folder, Allowance(), shown="a", advance=lambda done, total: steps.append((done, total)))
    assert steps == [(5, 8), (8, 8)]


def test_hidden_files_and_what_macos_adds_stay_packed(tmp_path, folder):
    files = {"IM1": b"x", "__MACOSX/._IM1": b"y", ".DS_Store": b"z", "a/.b/c": b"w"}
    unpacked(packed(tmp_path / "a.zip", files), folder)
    assert contents(folder) == {"IM1": b"x"}


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/x", "\\x", "..\\x", "C:\\x", "C:x", "a/../x", "y" * 300])
def test_no_name_leads_out_of_the_folder(tmp_path, folder, name):
    path = packed(tmp_path / "a.zip", {"good": b"1", name: b"2"})
    ((_, reason),) = unpacked(path, folder)
    assert "leads out of the archive" in reason
    assert contents(folder.parent) == {"inside/good": b"1"}


def test_links_are_not_made(tmp_path, folder):
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("link/below", "x")
    assert unpacked(tmp_path / "a.zip", folder) == (("link", "a link"),)
    assert contents(folder) == {"link/below": b"x"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_files_of_one_name_the_first_stays(tmp_path, folder):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("IM1", b"first")
        archive.writestr("IM1", b"second")
    assert unpacked(tmp_path / "a.zip", folder) == (("IM1", "a second file of this name"),)
    assert contents(folder) == {"IM1": b"first"}


def test_an_encrypted_archive_is_refused_with_a_hint(tmp_path, folder):
    path = packed(tmp_path / "a.zip", {"IM1": b"secret"}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # general purpose flag of the entry in the table of contents
    path.write_bytes(content)
    with pytest.raises(InputError, match="is encrypted") as caught:
        unpacked(path, folder)
    assert "password" in caught.value.hint


def test_methods_that_do_not_bound_their_memory_are_left_out(tmp_path, folder):
    path = packed(tmp_path / "a.zip", {"IM1": b"x" * 100}, zipfile.ZIP_BZIP2)
    ((_, reason),) = unpacked(path, folder)
    assert "another method" in reason


def test_a_damaged_file_is_left_out_and_leaves_nothing(tmp_path, folder):
    path = packed(tmp_path / "a.zip", {"bad": b"x" * 1000, "good": b"y"}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[content.index(b"xxx")] ^= 1
    path.write_bytes(content)
    assert unpacked(path, folder) == (("bad", "damaged (BadZipFile)"),)
    assert contents(folder) == {"good": b"y"}


def test_a_bomb_is_refused_before_anything_is_written(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(archiving, "RATIO_MATTERS_BYTES", 1 << 24)
    packed(tmp_path / "a.zip", {"zeros": bytes(1 << 25)})
    with pytest.raises(InputError, match="made to fill a disk"):
        unpacked(tmp_path / "a.zip", folder)
    assert contents(folder) == {}


def test_a_file_brings_no_more_than_it_announces(tmp_path, folder):
    path = packed(tmp_path / "a.zip", {"IM1": b"x" * 10_000})
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, 100)  # uncompressed size
    path.write_bytes(content)
    assert unpacked(path, folder) == (("IM1", "damaged (BadZipFile)"),)
    assert contents(folder) == {}


def test_the_allowance_counts_over_several_archives(tmp_path, folder):
    allowance = Allowance(num_members=3, num_bytes=100)
    path = packed(tmp_path / "a.zip", {"a": b"1", "b": b"2"})
    unpacked(path, folder, allowance)
    with pytest.raises(InputError, match="2 files of 2 bytes in all, expected at most 1 files and 98 bytes"):
        unpacked(path, folder, allowance)


def test_an_archive_larger_than_the_disk_is_refused(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(archiving, "SPARE_BYTES", 1 << 60)
    with pytest.raises(InputError, match="bytes are free") as caught:
        unpacked(packed(tmp_path / "a.zip", {"a": b"1"}), folder)
    assert "TMPDIR" in caught.value.hint


def test_a_table_of_contents_that_takes_too_much_is_not_read(tmp_path, folder, monkeypatch):
    path = packed(tmp_path / "a.zip", {f"IM{number}": b"" for number in range(2000)})
    monkeypatch.setattr(archiving, "MAX_READ_BYTES", 70_000)
    with pytest.raises(InputError, match="its table of contents takes"):
        unpacked(path, folder)


@pytest.mark.parametrize("share", [0.99, 0.5, 0.1])
def test_a_cut_off_archive_is_refused(tmp_path, folder, share):
    path = packed(tmp_path / "a.zip", {"IM1": bytes(range(256)) * 20})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(InputError, match="damaged or cut off"):
        unpacked(path, folder)


def whole_archive() -> bytes:
    stream = io.BytesIO()
    packed(stream, {"CT/IM1": b"one" * 50, "b": bytes(100)})
    return stream.getvalue()


@STILL
@given(st.data())
def test_damaged_archives_give_files_or_one_error_and_stay_inside(tmp_path_factory, data):
    place = tmp_path_factory.mktemp("fuzz")
    inside = place / "inside"
    inside.mkdir()
    content = bytearray(whole_archive())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (place / "a.zip").write_bytes(content)
    with suppress(InputError):
        unpacked(place / "a.zip", inside)
    assert {path.name for path in place.iterdir()} == {"inside", "a.zip"}
