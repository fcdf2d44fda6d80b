"""Large memory pages under packed weights.

A decoder reads gigabytes of weights for every token. In pages of 4 KiB the processor spends much of that time
looking up addresses, above all on virtual machines: reading ran at 30 GB/s in small pages and at 50 GB/s in large
ones (docs/LOG.md). Linux gives large pages to those who ask (transparent huge pages in mode "madvise").
"""

import ctypes
import errno
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["use_large_pages"]

LARGE = 2 << 20
SMALLEST = 4 << 20
"""Regions below this size are not worth a call."""

MADV_HUGEPAGE = 14
MADV_COLLAPSE = 25
"""Linux 6.1; linux/mman.h. Older kernels answer EINVAL and collapse pages in the background."""


def use_large_pages() -> int:
    """Ask for large pages under all big private regions of this process's memory.

    The contents do not change. Systems without such pages are left as they are.

    Returns:
        Bytes in the regions that the system took up.
    """
    if sys.platform != "linux":
        return 0
    advise = ctypes.CDLL(None, use_errno=True).madvise
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    done = 0
    for first, last in _private_regions():
        start, end = -(-first // LARGE) * LARGE, last // LARGE * LARGE
        if end - start < SMALLEST or advise(start, end - start, MADV_HUGEPAGE):
            continue
        if advise(start, end - start, MADV_COLLAPSE) and ctypes.get_errno() not in (errno.EINVAL, errno.EAGAIN):
            continue
        done += end - start
    return done


def _private_regions() -> Iterator[tuple[int, int]]:
    """Writable memory that belongs to this process alone and to no file: (first byte, end)."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        place, access, _, _, file_number, *name = line.split(maxsplit=5)
        if access == "rw-p" and file_number == "0" and (not name or name[0] == "[heap]"):
            start, end = (int(number, 16) for number in place.split("-"))
            yield start, end
