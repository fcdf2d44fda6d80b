"""What is told of jobs in words: why one failed, why one is not taken."""

from collections.abc import Sequence

from osler.errors import OslerError
from osler.serve.file_names import files_of, named, named_of
from osler.serve.refusal import RefusedError
from osler.serve.vault import Vault

__all__ = ["files_of_studies", "too_many", "words_of"]

RETRY_AFTER_S = 30


def files_of_studies(vault: Vault, studies: Sequence[str]) -> list[dict[str, str]]:
    """Names and digests of the files of studies, as far as these are there."""
    kept = (vault.database.one("studies", study) for study in studies)
    return [file for row in kept if row is not None for file in files_of(row)]


def words_of(error: Exception, vault: Vault, studies: Sequence[str]) -> str:
    """An error in words, with the names that the client knows, and not where files lie.

    Args:
        studies: that the job is about; of several, a file's number alone does not tell whose it is.
    """
    if isinstance(error, RefusedError):
        return error.message
    if not isinstance(error, OslerError):
        return f"the server failed: {getattr(error, 'strerror', None) or type(error).__name__}"
    text = error.message if error.hint is None else f"{error.message} ({error.hint})"
    for study in studies:
        text = named_of(text, study, files_of_studies(vault, [study]))
    told: str = named(vault.without_paths(text), files_of_studies(vault, studies) if len(studies) == 1 else ())
    return told


def too_many(limit: int) -> RefusedError:
    """A refusal of one more job."""
    return RefusedError(
        429,
        f"{limit} of your jobs are not over yet, and that is the limit",
        kind="rate_limit_error",
        code="queue_full",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )
