"""Make quantise_mixes.json: the type of each matrix by llama.cpp's own `llama-quantize --dry-run`.

    python tests/golden/make_quantise_mixes.py LLAMA_QUANTIZE > tests/golden/quantise_mixes.json

Made with llama.cpp of 2026-10 (llama-quantize of the source in llama_cpp_python 0.3.36). The models are tiny; what
decides is their number of layers, how many query heads share a key head, and whether rows are multiples of 256.
"""

import json
import re
import subprocess
import sys
import tempfile
from itertools import groupby
from pathlib import Path

import numpy as np

from osler.testing.tiny import TinyShape, write_gguf

SHAPES = {
    "as 4B": {"layers": 34, "width": 256, "feed_forward_width": 512, "heads": 8, "kv_heads": 4, "head_width": 32},
    "as 27B": {"layers": 62, "width": 256, "feed_forward_width": 512, "heads": 4, "kv_heads": 2, "head_width": 64},
    "as 270M": {"layers": 18, "width": 160, "feed_forward_width": 512, "heads": 4, "kv_heads": 1, "head_width": 64},
}
TYPES = [
    "Q8_0",
    "Q6_K",
    "Q5_K_M",
    "Q5_K_S",
    "Q5_1",
    "Q5_0",
    "Q4_K_M",
    "Q4_K_S",
    "Q4_1",
    "Q4_0",
    "IQ4_NL",
    "IQ4_XS",
    "Q3_K_L",
    "Q3_K_M",
    "Q3_K_S",
    "IQ3_M",
    "IQ3_S",
    "IQ3_XS",
    "IQ3_XXS",
    "Q2_K",
    "Q2_K_S",
    "IQ2_M",
    "IQ2_S",
    "IQ2_XS",
    "IQ2_XXS",
    "IQ1_M",
    "IQ1_S",
    "TQ2_0",
    "TQ1_0",
]
LINE = re.compile(r"\] +(\S+) +- \[.*?\], type = +\w+, size = .*\((\w+)\)")


def main() -> None:
    program = sys.argv[1]
    found: dict = {"shapes": SHAPES, "types": {}}
    with tempfile.TemporaryDirectory() as folder:
        for name, shape in SHAPES.items():
            model = write_gguf(Path(folder) / "model.gguf", "F16", shape=TinyShape(**shape), projector=None)
            importance = write_importance(Path(folder) / "imatrix.dat")
            for kind in TYPES:
                for given in ("without", "with"):
                    options = ["--imatrix", str(importance)] if given == "with" else []
                    key = f"{name}, {kind}, {given} importance"
                    found["types"][key] = asked(program, options, model, kind)
    lines = [f"{json.dumps(key)}: {json.dumps(one, ensure_ascii=False)}" for key, one in found["types"].items()]
    print(f'{{"shapes": {json.dumps(SHAPES)},\n"types": {{\n' + ",\n".join(lines) + "\n}}")


def write_importance(path: Path) -> Path:
    """One entry in the older form; a dry run looks at nothing but whether there is any."""
    name = b"blk.0.attn_q.weight"
    head = np.array([1, len(name)], "<i4").tobytes() + name + np.array([1, 256], "<i4").tobytes()
    path.write_bytes(head + np.ones(256, "<f4").tobytes())
    return path


def asked(program: str, options: list[str], model: Path, kind: str) -> dict[str, str]:
    """Types of each sort of matrix, layer after layer: "4×Q6_K 26×Q4_K"."""
    run = subprocess.run([program, "--dry-run", *options, str(model), kind], capture_output=True, text=True, check=True)
    sorts: dict[str, dict[int, str]] = {}
    for tensor, one in LINE.findall(run.stdout + run.stderr):
        parts = tensor.removesuffix(".weight").split(".")
        layer, sort = (int(parts[1]), parts[2]) if parts[0] == "blk" else (0, parts[0])
        sorts.setdefault(sort, {})[layer] = one.upper()
    return {
        sort: " ".join(f"{len(list(group))}×{one}" for one, group in groupby(layers[n] for n in sorted(layers)))
        for sort, layers in sorts.items()
    }


if __name__ == "__main__":
    main()
