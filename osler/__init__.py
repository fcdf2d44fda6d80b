"""Osler runs MedGemma on your own medical files, on the machine you have.

::

    import osler

    with osler.load("medgemma-1.5-4b-it-Q4_K_M.gguf") as model:
        reply = model.ask("chest.dcm", "Describe this X-ray")
        print(reply.text, reply.notice)

What a name stands for is imported when it is first used, so `import osler` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from osler.telemetry import refuse_telemetry

if TYPE_CHECKING:
    from osler.errors import (
        ContextError,
        DownloadError,
        InputError,
        MissingExtraError,
        OslerError,
        PromptError,
        VisionError,
        WeightsError,
    )
    from osler.tasks.confidence import Confidence
    from osler.tasks.load import load
    from osler.tasks.medsiglip import MedSiglip, load_medsiglip
    from osler.tasks.model import Model
    from osler.tasks.score import Score
    from osler.tasks.stream import Stream
    from osler.tasks.study_options import StudyOptions
    from osler.values import (
        Box,
        FileRecord,
        Image,
        ImagePart,
        ImageRecord,
        Message,
        Origin,
        Provenance,
        Reply,
        SourceRecord,
        TextPart,
        Timings,
        Usage,
    )

__all__ = [
    "Box",
    "Confidence",
    "ContextError",
    "DownloadError",
    "FileRecord",
    "Image",
    "ImagePart",
    "ImageRecord",
    "InputError",
    "MedSiglip",
    "Message",
    "MissingExtraError",
    "Model",
    "Origin",
    "OslerError",
    "PromptError",
    "Provenance",
    "Reply",
    "Score",
    "SourceRecord",
    "Stream",
    "StudyOptions",
    "TextPart",
    "Timings",
    "Usage",
    "VisionError",
    "WeightsError",
    "load",
    "load_medsiglip",
]

_HOMES = {
    "Confidence": "osler.tasks.confidence",
    "MedSiglip": "osler.tasks.medsiglip",
    "load": "osler.tasks.load",
    "load_medsiglip": "osler.tasks.medsiglip",
    "Model": "osler.tasks.model",
    "Score": "osler.tasks.score",
    "Stream": "osler.tasks.stream",
    "StudyOptions": "osler.tasks.study_options",
}

refuse_telemetry()


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'osler' has no attribute {name!r}")
    home = _HOMES.get(name) or ("osler.errors" if name.endswith("Error") else "osler.values")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
