"""The DICOM files that come with pydicom and pydicom-data: every transfer syntax, many devices, some damage."""

from pathlib import Path

__all__ = ["dicom_files"]

OTHERS = (".py", ".pyc", ".txt", ".dump", ".json", ".icc", ".gz", ".toml", ".md", ".pem")


def dicom_files() -> tuple[Path, ...]:
    """All of them, in order of their folders and names; pydicom-data's only where it is installed."""
    import pydicom

    folders = [Path(pydicom.__file__).parent / "data" / "test_files"]
    try:
        import data_store
    except ImportError:
        pass
    else:
        folders.append(Path(data_store.__file__).parent / "data")
    found = (path for folder in folders for path in sorted(folder.rglob("*")))
    return tuple(path for path in found if path.is_file() and path.suffix not in OTHERS and path.name != "README")
