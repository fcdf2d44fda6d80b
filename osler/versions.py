"""Versions of installed packages."""

from importlib import metadata

__all__ = ["version_of"]


def version_of(package: str) -> str | None:
    """The installed version of a package; None where it is not installed, as Osler is when run from its folder."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
