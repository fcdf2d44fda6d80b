"""Runs a program and writes the most memory that it had in use: `python -m osler.bench.weigh FILE PROGRAM …`.

A process of its own, because Linux counts into a program's peak that of the process which started it; so the
starter has to be small.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

__all__ = ["main"]

RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024
"""`ru_maxrss` counts bytes on macOS, KiB elsewhere (getrusage(2))."""


def main() -> None:
    """Run the program; end with its exit code."""
    report, *command = sys.argv[1:]
    if not hasattr(os, "wait4"):
        sys.exit(subprocess.call(command))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program ends by it, and this process after the program
    program = os.posix_spawnp(command[0], command, os.environ, setsigdef=[signal.SIGINT])
    _, status, usage = os.wait4(program, 0)
    Path(report).write_text(str(usage.ru_maxrss * RSS_UNIT_BYTES))
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
