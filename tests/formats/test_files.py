import os
import socket
from hashlib import sha256

import pytest

from osler.errors import InputError
from osler.formats.files import MAX_PIXELS, check_file, check_size, record_of


def test_a_missing_file_is_named_as_the_user_wrote_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"cannot open `\./no/chest\.dcm`: there is no such file"):
        check_file("./no/chest.dcm")


def test_an_address_gets_a_hint_which_ones_are_read():
    with pytest.raises(InputError) as caught:
        check_file("https://example.org/chest.png")
    assert "dicomweb://" in caught.value.hint


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="got a folder"):
        check_file(tmp_path)


def test_an_empty_file_is_refused_with_its_size(tmp_path):
    empty = tmp_path / "empty.png"
    empty.touch()
    with pytest.raises(InputError, match=r"it is empty \(0 bytes\)"):
        check_file(empty)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_before_it_is_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe, socket or device"):
        check_file(tmp_path / "pipe")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no such sockets")
def test_a_device_is_refused_before_it_is_opened():
    with pytest.raises(InputError, match="pipe, socket or device"):
        check_file("/dev/zero")


def test_a_name_that_the_system_refuses_is_an_input_error():
    with pytest.raises(InputError, match="cannot open"):
        check_file("a\0b")
    with pytest.raises(InputError, match="cannot open"):
        check_file("x" * 5000)


def test_the_record_holds_digest_size_and_base_name_only(tmp_path):
    path = tmp_path / "film.png"
    path.write_bytes(b"abc")
    record = record_of(path, "png")
    assert (record.name, record.size_bytes, record.kind) == ("film.png", 3, "png")
    assert record.sha256 == sha256(b"abc").hexdigest()
    assert str(tmp_path) not in str(record)


@pytest.mark.parametrize("size", [(1, 1), (13_377, 13_377), (65_535, 2_730)])
def test_sizes_within_the_limits_pass(size):
    check_size("x", *size)


@pytest.mark.parametrize("size", [(40_000, 40_000), (65_536, 1), (0, 5), (5, 0), (MAX_PIXELS, 2)])
def test_sizes_beyond_the_limits_are_refused_with_the_numbers(size):
    with pytest.raises(InputError, match=f"{size[0]:,} × {size[1]:,}"):
        check_size("x", *size)
