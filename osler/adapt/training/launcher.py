"""torch's launcher of several processes, which adds nothing to what a process has said of its own end."""

import logging
import sys

__all__ = ["main"]

INTERRUPTED = 130


def main() -> None:
    """Launch what the arguments say; exits as the first process did that failed, or was stopped."""
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.run import main as launch

    logging.disable(logging.ERROR)  # each process tells its own end
    try:
        launch()
    except SignalException:
        sys.exit(INTERRUPTED)
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        if failure.exitcode < 0:
            print(f"error: process {rank} was ended by signal {-failure.exitcode}", file=sys.stderr)
        sys.exit(failure.exitcode if failure.exitcode > 0 else 1)


if __name__ == "__main__":
    main()
