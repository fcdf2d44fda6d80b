"""Writes chat_template.json: conversations as Gemma 3's published chat template renders them.

    python tests/golden/make_chat_template.py convert_gemma3_weights.py

The argument is transformers' src/transformers/models/gemma3/convert_gemma3_weights.py (made with commit
0d7e95d96b4e187c651e2b2406ed98ed40d74963), which is not part of its wheel; or a checkpoint's chat_template.jinja.
Needs transformers and jinja2.
"""

import json
import re
import sys
from pathlib import Path

CONVERSATIONS = {
    "one question": [["user", "Hello"]],
    "white space around": [["user", "  \n Hello\t there \n\n"]],
    "system": [["system", "You are a radiologist."], ["user", "Hello"]],
    "system with white space": [["system", " You are a radiologist.\n"], ["user", " Hello "]],
    "three turns": [["user", "A"], ["assistant", " B\n"], ["user", "C"]],
    "system and three turns": [["system", "S"], ["user", "A"], ["assistant", "B"], ["user", "C"]],
    "image then text": [["user", [None, "Describe this X-ray."]]],
    "text then image": [["user", ["Describe this X-ray: ", None]]],
    "slices with labels": [["user", ["Look.\n", None, "SLICE 1", None, "SLICE 2", "\n\nWhat is it?"]]],
    "images in two turns": [["system", "S"], ["user", [None, "A"]], ["assistant", "B"], ["user", [None, None, " C"]]],
    "other scripts": [["user", "Größe? 肺 الرئة 🫁\r\n"]],
    "an empty answer": [["user", "A"], ["assistant", ""], ["user", "C"]],
}


def template_in(path: Path) -> str:
    source = path.read_text(encoding="utf-8")
    found = re.search(r'CHAT_TEMPLATE = """(.*?)"""', source, re.DOTALL)
    # in the Python source "\\n" stands for a newline of the rendered text
    return found[1].encode().decode("unicode_escape") if found else source


def message(role: str, content: str | list) -> dict:
    if isinstance(content, str):
        return {"role": role, "content": content}
    return {
        "role": role,
        "content": [{"type": "image"} if part is None else {"type": "text", "text": part} for part in content],
    }


def main() -> None:
    import transformers
    from transformers.utils.chat_template_utils import render_jinja_template

    template = template_in(Path(sys.argv[1]))
    cases = []
    for name, turns in CONVERSATIONS.items():
        texts, _ = render_jinja_template(
            [[message(*turn) for turn in turns]], chat_template=template, add_generation_prompt=True, bos_token="<bos>"
        )
        cases.append({"name": name, "turns": turns, "text": texts[0]})
    golden = {"made_with": f"transformers {transformers.__version__}", "cases": cases}
    out = Path(__file__).with_name("chat_template.json")
    out.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
