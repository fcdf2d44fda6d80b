"""Records of fictional patients, and a model whose answer to each step a test writes down."""

import gzip
import json
from pathlib import Path

import pytest

from osler.testing.answering import answering_model

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture(scope="session", params=["clinosim", "synthea"])
def patient(request, tmp_path_factory) -> Path:
    """A patient of each of two generators (tests/golden/make_fhir_patients.py)."""
    path = tmp_path_factory.mktemp("patients") / f"{request.param}.json"
    path.write_bytes(gzip.decompress((GOLDEN / f"{request.param}_patient.json.gz").read_bytes()))
    return path


@pytest.fixture
def navigator():
    """A model that answers each step by a function of its prompt, or by a value that is always the same."""

    def build(*, types=None, request=None, facts=None, answer=None, context: int = 1 << 16):
        steps = {'"types"': types, '"names"': request, "Write down the facts": facts, "Answer the question": answer}

        def reply(prompt: str) -> str:
            asked = prompt.rpartition("\n\n")[2]
            for words, value in steps.items():
                if words in asked:
                    return json.dumps(value(prompt) if callable(value) else value)
            raise AssertionError(f"no step asks this: {asked}")

        return answering_model(reply, context=context)

    return build
