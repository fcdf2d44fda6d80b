"""glibc's allocator told to use large pages, which it reads only when a process starts."""

import os
import sys
from collections.abc import Sequence

__all__ = ["restart_with_large_pages"]

VARIABLE = "GLIBC_TUNABLES"
LARGE_PAGES = "glibc.malloc.hugetlb=1"
"""glibc 2.35: ask the kernel for large pages under big allocations. Others ignore it."""


def restart_with_large_pages(verbs: Sequence[str]) -> None:
    """Put this very program in its own place again, with large pages, if it is to run one of `verbs`.

    Prompts then run about a tenth faster (docs/decisions/005). Nothing happens where the variable is set already,
    on other systems, or where the arguments are not the process's own (in tests and in programs that embed this one).
    """
    own_arguments = sys.orig_argv[-len(sys.argv) + 1 :] == sys.argv[1:]
    if sys.platform != "linux" or VARIABLE in os.environ or sys.argv[1:2] not in [[verb] for verb in verbs]:
        return
    if own_arguments:
        os.environ[VARIABLE] = LARGE_PAGES
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
