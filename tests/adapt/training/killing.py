"""SIGKILL for work in a process of its own, which begins with everything imported."""

import os
import signal
import time


def killed_after(seconds, run):
    """Whether a process of its own was still running when it was killed."""
    child = os.fork()
    if child == 0:
        run()
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])
