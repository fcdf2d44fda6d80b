"""What a path holds, told by content: a GGUF file, a folder of safetensors, or a folder with one GGUF model."""

from pathlib import Path

from osler.errors import WeightsError
from osler.weights.checkpoint import Checkpoint
from osler.weights.gguf_file import is_gguf

__all__ = ["open_format"]

_HINT = "give a MedGemma GGUF file (its mmproj beside it) or a folder with config.json and *.safetensors"
_MAGICS = {
    b"PK\x03\x04": "a zip archive (PyTorch's .bin and .pt files are such)",
    b"\x80\x02": "a Python pickle",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
    b"\x1f\x8b": "a gzip archive",
}


def open_format(path: Path) -> Checkpoint:
    """Open whatever checkpoint stands at a path.

    Raises:
        WeightsError: there is none.
    """
    if path.is_dir():
        return _open_folder(path)
    if not path.exists():
        raise WeightsError(f"there is no file or folder `{path}`", hint=_HINT)
    return _open_file(path)


def _open_file(path: Path) -> Checkpoint:
    if is_gguf(path):
        from osler.weights.gguf import GgufCheckpoint

        return GgufCheckpoint(path)
    if path.suffix == ".safetensors":
        return _open_folder(path.parent)
    raise WeightsError(f"`{path.name}` is not a checkpoint that Osler reads: it {_looks_like(path)}", hint=_HINT)


def _looks_like(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            start = stream.read(64)
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    if not start:
        return "is empty"
    for magic, what in _MAGICS.items():
        if start.lower().startswith(magic.lower()):
            return f"is {what}"
    return f"begins with the bytes {start[:4]!r}, expected {b'GGUF'!r}"


def _open_folder(folder: Path) -> Checkpoint:
    if any(folder.glob("*.safetensors")):
        from osler.weights.safetensors import SafetensorsCheckpoint

        return SafetensorsCheckpoint(folder)
    models = [path for path in sorted(folder.glob("*.gguf")) if _is_language_model(path)]
    if len(models) == 1:
        return _open_file(models[0])
    if models:
        names = ", ".join(f"`{path.name}`" for path in models)
        raise WeightsError(f"`{folder.name}` holds {len(models)} GGUF models: {names}", hint="name one of them")
    if any(folder.glob("*.gguf")):
        raise WeightsError(f"`{folder.name}` holds only a projector (mmproj) and no language model", hint=_HINT)
    raise WeightsError(f"`{folder.name}` holds no checkpoint: expected *.safetensors or a *.gguf", hint=_HINT)


def _is_language_model(path: Path) -> bool:
    """Whether a GGUF file is to be opened as a model: not a projector, and not a later part of a split file.

    A damaged file counts as one, so that opening it tells what is wrong.
    """
    from osler.weights.gguf_file import GgufFile

    try:
        metadata = GgufFile(path).metadata
    except WeightsError:
        return True
    return metadata.get("general.architecture") != "clip" and not metadata.get("split.no", 0)
