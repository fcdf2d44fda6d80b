import gzip
import zlib

import pytest

from osler.errors import InputError
from osler.formats.packed import check_packed

DATA = bytes(range(256)) * 20_000


@pytest.fixture(params=[gzip.compress, zlib.compress])
def packed(request, tmp_path):
    path = tmp_path / "values"
    path.write_bytes(b"head" + request.param(DATA))
    return path


def test_sound_data_passes(packed):
    check_packed(packed, packed, 4, len(DATA))


def test_data_may_be_followed_by_other_bytes(packed):
    packed.write_bytes(packed.read_bytes() + b"padding")
    check_packed(packed, packed, 4, len(DATA))


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_data_that_is_cut_off_is_refused(packed, share):
    whole = packed.read_bytes()
    packed.write_bytes(whole[: 4 + int((len(whole) - 4) * share)])
    with pytest.raises(InputError, match="cut off"):
        check_packed(packed, packed, 4, len(DATA))


def test_data_whose_checksum_is_wrong_is_refused(packed):
    whole = bytearray(packed.read_bytes())
    whole[-6 if whole[4:6] == b"\x1f\x8b" else -2] ^= 1
    packed.write_bytes(whole)
    with pytest.raises(InputError, match="damaged"):
        check_packed(packed, packed, 4, len(DATA))


@pytest.mark.parametrize("difference", [-1, 1])
def test_data_of_another_size_is_refused(packed, difference):
    with pytest.raises(InputError, match="another size"):
        check_packed(packed, packed, 4, len(DATA) + difference)


def test_a_bomb_is_not_unpacked_to_its_end(tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(bytes(2**26), 1))
    with pytest.raises(InputError, match="another size"):
        check_packed(path, path, 0, 10)
