"""llama.cpp's quantisers, from a library of ggml that is already on the machine.

The library is the one inside the wheel `xllamacpp` (extra `quantise`), or the file that OSLER_GGML names. Two functions
of ggml.h are called: `ggml_quantize_init(type)` and `ggml_quantize_chunk(type, values, out, start, rows, columns,
importance)`.
"""

import ctypes
import os
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from osler.adapt.quantise.kinds import row_bytes
from osler.errors import MissingExtraError
from osler.weights.gguf_file import TYPE_NAMES

__all__ = ["GgmlLibrary", "find_library", "need_library"]

LIBRARY_VARIABLE = "OSLER_GGML"

SUFFIXES = (".so", ".dylib", ".pyd", ".dll")

NUMBERS = {name: number for number, name in TYPE_NAMES.items()}
"""ggml's numbers of types by their names."""

HINT = (
    "pip install 'osler[quantise]' brings llama.cpp's library on Linux x86-64; elsewhere set OSLER_GGML to the "
    "libggml-base of any llama.cpp build; Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, F16 and BF16 need neither"
)


class GgmlLibrary:
    """The quantisers of one library.

    Args:
        path: a shared library that exports ggml's functions.

    Raises:
        OSError, AttributeError: it cannot be loaded, or exports no such functions.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._library = ctypes.CDLL(str(path))
        self._chunk = self._library.ggml_quantize_chunk
        self._chunk.restype = ctypes.c_size_t
        self._chunk.argtypes = [ctypes.c_int, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 3, ctypes.c_void_p]
        self._library.ggml_quantize_init.argtypes = [ctypes.c_int]

    def prepare(self, kind: str) -> None:
        """Build the tables that a type's quantiser reads. Call it once, from one thread, before `encode`."""
        self._library.ggml_quantize_init(NUMBERS[kind])

    def encode(self, kind: str, values: np.ndarray, importance: np.ndarray | None) -> np.ndarray:
        """Some rows of a matrix in blocks. May be called from several threads: it holds no lock of Python's.

        Args:
            values: [N, K] float32.
            importance: [K] float32, how much errors of each column count; None for all the same.

        Returns:
            [N, bytes of a row] uint8.
        """
        values = np.ascontiguousarray(values, np.float32)
        rows, columns = values.shape
        out = np.empty((rows, row_bytes(kind, columns)), np.uint8)
        weights = None if importance is None else np.ascontiguousarray(importance, np.float32)
        given = None if weights is None else weights.ctypes.data
        written = self._chunk(NUMBERS[kind], values.ctypes.data, out.ctypes.data, 0, rows, columns, given)
        assert written == out.nbytes, f"{kind}: {written} bytes for {out.nbytes}"
        return out


@cache
def find_library() -> GgmlLibrary | None:
    """The library that is there, None where there is none.

    Raises:
        MissingExtraError: OSLER_GGML names something that is no such library.
    """
    named = os.environ.get(LIBRARY_VARIABLE)
    if named:
        try:
            return GgmlLibrary(Path(named).expanduser())
        except (OSError, AttributeError) as error:
            raise MissingExtraError(
                f"cannot quantise with the library that {LIBRARY_VARIABLE} names: expected one that exports "
                f"ggml_quantize_chunk ({type(error).__name__})",
                hint="give llama.cpp's libggml-base",
            ) from error
    for path in _in_wheel():
        try:
            return GgmlLibrary(path)
        except (OSError, AttributeError):
            continue
    return None


def need_library(kinds: list[str]) -> GgmlLibrary:
    """The library, for types that nothing else makes.

    Raises:
        MissingExtraError: there is none.
    """
    library = find_library()
    if library is None:
        raise MissingExtraError(f"cannot make {', '.join(kinds)}: only llama.cpp's library can", hint=HINT)
    return library


def _in_wheel() -> Iterator[Path]:
    spec = find_spec("xllamacpp")  # looks, imports nothing
    for folder in (spec.submodule_search_locations or []) if spec else []:
        yield from sorted(path for path in Path(folder).iterdir() if path.suffix in SUFFIXES)
