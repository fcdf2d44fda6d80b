"""The template beside the published one; tests/golden/make_chat_template.py made the file."""

import json
from pathlib import Path

import numpy as np
import pytest

from osler.prompt.template import render
from osler.values import Image, ImagePart, Message, TextPart

GOLDEN = Path(__file__).parents[1] / "golden" / "chat_template.json"
CASES = {case["name"]: case for case in json.loads(GOLDEN.read_text(encoding="utf-8"))["cases"]}
PICTURE = ImagePart(image=Image(pixels=np.zeros((2, 2, 3), np.uint8)))


def message(role: str, content: str | list) -> Message:
    parts = [content] if isinstance(content, str) else content
    return Message(role=role, parts=tuple(PICTURE if part is None else TextPart(text=part) for part in parts))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_conversation_is_rendered_as_by_the_published_template(case):
    assert render([message(*turn) for turn in case["turns"]]) == case["text"]
