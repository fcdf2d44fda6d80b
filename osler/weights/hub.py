"""The hub: what a repository holds at a commit, and the bytes of one of its files from any offset.

Requests go through huggingface_hub (its session, tokens, proxies and HF_ENDPOINT). Its own downloads are not used:
since version 1.18 they begin again from nothing after an interruption (huggingface_hub issue 4196).
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub import errors as hub_errors
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from osler.errors import DownloadError, InputError
from osler.versions import version_of

__all__ = ["Hub", "Listing", "RemoteFile", "Unreachable"]

TIMEOUT_S = 30.0
TOO_MANY_REQUESTS, RANGE_NOT_SATISFIABLE, PARTIAL_CONTENT = 429, 416, 206


class Unreachable(DownloadError):  # noqa: N818 (it is a DownloadError that is worth another try)
    """The hub did not answer, or the connection broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file of a repository at one commit, with the digest that the hub announces for it.

    Attributes:
        name: its path in the repository.
        size_bytes: its size.
        sha256: digest of its bytes, for large files.
        git_sha1: git's blob id, for small ones.
    """

    name: str
    size_bytes: int
    sha256: str | None
    git_sha1: str | None

    def matches(self, path: Path, sha256: str) -> bool:
        """Whether the bytes at `path`, whose SHA-256 is given, are those that the hub announced."""
        if self.sha256 is not None:
            return sha256 == self.sha256
        if self.git_sha1 is not None:
            content = path.read_bytes()  # small files only: large ones have a SHA-256
            return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == self.git_sha1
        return path.stat().st_size == self.size_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a repository holds at one commit."""

    repository: str
    revision: str
    files: tuple[RemoteFile, ...]


class Hub:
    """Read access to a hub.

    Args:
        endpoint: its address; HF_ENDPOINT, or else the public hub.
    """

    def __init__(self, endpoint: str | None = None) -> None:
        self.endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")

    def list_files(self, repository: str, revision: str | None = None) -> Listing:
        """What a repository holds at a branch, tag or commit (its main branch where none is given).

        Raises:
            DownloadError: there is no such repository or revision, or the hub gives no access or no answer.
            InputError: `repository` cannot be a repository's name.
        """
        with explaining(self, repository):
            info = HfApi(endpoint=self.endpoint).model_info(
                repository, revision=revision, files_metadata=True, timeout=TIMEOUT_S
            )
        files = [
            RemoteFile(
                name=_safe_name(repository, file.rfilename),
                size_bytes=file.size or 0,
                sha256=file.lfs.sha256 if file.lfs else None,
                git_sha1=None if file.lfs else file.blob_id,
            )
            for file in info.siblings or []
        ]
        if not info.sha:
            raise DownloadError(f"cannot pull from `{repository}`: the hub names no commit for it")
        return Listing(repository=repository, revision=info.sha, files=tuple(files))

    @contextmanager
    def open_file(
        self, repository: str, revision: str, name: str, offset: int
    ) -> Iterator[tuple[int, Iterator[bytes]]]:
        """A file's bytes from `offset` on, where the hub agrees to begin there.

        Yields:
            the offset at which the bytes really begin (`offset`, or 0), and the bytes in pieces.

        Raises:
            Unreachable: no answer, a broken connection or a server in trouble: worth another try.
            DownloadError: the hub refuses.
        """
        headers = build_hf_headers(library_name="osler", library_version=version_of("osler") or "source")
        headers["Accept-Encoding"] = "identity"
        if offset:
            headers["Range"] = f"bytes={offset}-"
        url = hf_hub_url(repository, name, revision=revision, endpoint=self.endpoint)
        with (
            explaining(self, repository),
            get_session().stream("GET", url, headers=headers, timeout=TIMEOUT_S) as response,
        ):
            hf_raise_for_status(response)
            resumed = response.status_code == PARTIAL_CONTENT
            if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
                raise DownloadError(f"cannot fetch `{name}`: the hub answered with another part than was asked for")
            yield (offset if resumed else 0), response.iter_bytes()


def _safe_name(repository: str, name: str) -> str:
    """The name of a remote file, unless it would lead out of the folder that it is put into."""
    if name.startswith("/") or ".." in name.split("/") or "\\" in name:
        raise DownloadError(f"cannot pull from `{repository}`: it holds a file with an unsafe name")
    return name


@contextmanager
def explaining(hub: Hub, repository: str) -> Iterator[None]:
    """Turn what the hub's client raises into errors that say what to do."""
    if constants.is_offline_mode() or os.environ.get("HF_HUB_OFFLINE", "").upper() in constants.ENV_VARS_TRUE_VALUES:
        raise DownloadError(
            f"cannot pull from `{repository}`: HF_HUB_OFFLINE is set, which forbids asking the hub",
            hint="unset HF_HUB_OFFLINE, or copy the files from a machine that has them",
        )
    try:
        yield
    except hub_errors.HFValidationError as error:
        raise InputError(
            f"`{repository}` is not the name of a repository",
            hint="expected OWNER/REPOSITORY, or a name that `osler models` lists",
        ) from error
    except hub_errors.HfHubHTTPError as error:
        raise _explain_refusal(error, hub, repository) from error
    except (getattr(hub_errors, "HTTPError"), OSError) as error:  # noqa: B009 (httpx's or httpx2's, by version)
        if isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError):
            raise
        raise Unreachable(
            f"cannot reach the hub at {hub.endpoint}: {type(error).__name__} ({error})",
            hint="check the connection, the proxy and HF_ENDPOINT, then run it again: what was fetched is kept",
        ) from error


REFUSALS: tuple[tuple[type[Exception], str, str], ...] = (
    (
        hub_errors.GatedRepoError,
        "its owner gives it only to accounts that accepted its terms",
        "read and accept the terms at {page}, then run `hf auth login` (or set HF_TOKEN to a token that may read it) "
        "and pull again",
    ),
    (
        hub_errors.RepositoryNotFoundError,
        "{endpoint} has no such repository, or does not show it to you",
        "check the name; for a private or gated one accept its terms at {page}, then run `hf auth login` or set "
        "HF_TOKEN",
    ),
    (
        hub_errors.RevisionNotFoundError,
        "it has no such revision",
        "--revision takes a commit, a tag or a branch of {page}",
    ),
    (
        hub_errors.RemoteEntryNotFoundError,
        "a file that it listed is not there",
        "look at {page} for its files, or give another --revision",
    ),
)
"""What the hub's client raises, what that means, and what to do; the first that fits counts."""


def _explain_refusal(error: "hub_errors.HfHubHTTPError", hub: Hub, repository: str) -> DownloadError:
    """What an answer of the hub that is not the file means."""
    page, status = f"{hub.endpoint}/{repository}", error.response.status_code
    for kind, meaning, hint in REFUSALS:
        if isinstance(error, kind):
            return DownloadError(
                f"cannot pull from `{repository}`: {meaning.format(endpoint=hub.endpoint)}", hint=hint.format(page=page)
            )
    if status in (TOO_MANY_REQUESTS, RANGE_NOT_SATISFIABLE) or status >= 500:
        return Unreachable(
            f"the hub at {hub.endpoint} cannot serve `{repository}` now: it answered {status}",
            hint="run it again in a few minutes: what was fetched is kept",
        )
    return DownloadError(
        f"cannot pull from `{repository}`: the hub answered {status}",
        hint=f"the token may be wrong or too narrow: run `hf auth login`, or open {page} to see what it asks for",
    )
