"""Large pages under big private memory."""

import mmap
import sys

import numpy as np
import pytest

from osler.engine.large_pages import use_large_pages


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has madvise for large pages")
def test_asking_for_large_pages_changes_no_contents():
    memory = mmap.mmap(-1, 16 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    values = np.frombuffer(memory, np.uint8)
    values[:] = np.arange(len(values), dtype=np.uint64) % 251
    assert use_large_pages() >= 12 << 20
    np.testing.assert_array_equal(values, np.arange(len(values), dtype=np.uint64) % 251)
