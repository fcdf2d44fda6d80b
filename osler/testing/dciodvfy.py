"""David Clunie's validator of DICOM objects, as the package dicom3tools brings it."""

import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["errors_in"]

NAME = "dciodvfy"


def errors_in(path: Path) -> list[str]:
    """What the validator calls errors in a DICOM file; warnings are left out.

    Raises:
        FileNotFoundError: dicom3tools is not installed.
    """
    beside = Path(sys.executable).parent / NAME
    command = str(beside) if beside.exists() else shutil.which(NAME)
    if command is None:
        raise FileNotFoundError(f"{NAME}: the package dicom3tools brings it")
    told = subprocess.run([command, str(path)], capture_output=True, text=True, errors="replace", check=False)
    return [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")]
