"""Jobs that wait for a thread: owners take turns, each one's jobs come in their order."""

from collections import OrderedDict, deque
from threading import Lock

__all__ = ["JobQueue"]


class JobQueue:
    """Whoever sends two hundred jobs keeps nobody waiting who sends one: theirs is the next but those that run.

    >>> queue = JobQueue()
    >>> for job, owner in (("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b")):
    ...     queue.put(job, owner=owner)
    >>> [queue.take() for _ in range(5)]
    ['a1', 'b1', 'a2', 'a3', None]
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[str]] = OrderedDict()  # by owner; whose turn it is comes first
        self._lock = Lock()

    def put(self, job: str, *, owner: str) -> None:
        """Let a job wait."""
        with self._lock:
            self._waiting.setdefault(owner, deque()).append(job)

    def take(self) -> str | None:
        """The next; its owner is the last to have another turn. None where nothing waits."""
        with self._lock:
            if not self._waiting:
                return None
            owner, jobs = self._waiting.popitem(last=False)
            job = jobs.popleft()
            if jobs:
                self._waiting[owner] = jobs
            return job
