"""Looking through compressed data before a library unpacks it that takes damage for numbers."""

import zlib
from pathlib import Path

from osler.errors import InputError

__all__ = ["check_packed"]

CHUNK_BYTES = 2**20
ZLIB_OR_GZIP = 47  # zlib's own number for "either, told by its first bytes"


def check_packed(path: Path, values: Path, offset: int, num_bytes: int) -> None:
    """Unpack piece by piece, keep nothing, and compare the checksum.

    Args:
        path: the file as the person named it.
        values: the file that holds the data.
        offset: where in it the data begins.
        num_bytes: how many bytes it must unpack to.

    Raises:
        InputError: damaged, cut off, or of another size.
    """
    unpacker = zlib.decompressobj(ZLIB_OR_GZIP)
    done = 0
    try:
        with values.open("rb") as stream:
            stream.seek(offset)
            while not unpacker.eof and done <= num_bytes:
                packed = unpacker.unconsumed_tail or stream.read(CHUNK_BYTES)
                if not packed:
                    done += len(unpacker.flush())  # what the last piece gave beyond the limit
                    break
                done += len(unpacker.decompress(packed, CHUNK_BYTES))
    except (OSError, zlib.error) as error:
        raise InputError(
            f"cannot read `{path}`: its compressed data is damaged ({type(error).__name__})",
            hint="copy or download it again",
        ) from None
    if not unpacker.eof or done != num_bytes:
        raise InputError(
            f"cannot read `{path}`: its compressed data is cut off or of another size than its header says",
            hint="copy or download it again",
        )
