"""The public names, and what importing them costs."""

import subprocess
import sys

import pytest

import osler

PUBLIC = [
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

HEAVY = [
    "numpy",
    "openvino",
    "PIL",
    "pydicom",
    "tokenizers",
    "sentencepiece",
    "gguf",
    "safetensors",
    "huggingface_hub",
    "typer",
    "rich",
]


def test_the_public_names_are_these_and_no_others():
    assert sorted(osler.__all__) == sorted(PUBLIC)
    assert dir(osler) == sorted(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_what_its_own_name_says(name):
    assert getattr(osler, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = osler.lode


def test_importing_osler_loads_nothing_heavy():
    code = f"import sys, osler; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
