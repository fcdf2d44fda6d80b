"""Prove that replies held to a schema fit it: python tools/prove_schemas.py [NUMBER].

NUMBER (1,000) random schemas that are not refused, a tiny random model, temperature 1. Prints what became of them;
exit code 1 if a reply that ended does not fit.
"""

import json
import sys
import tempfile
from pathlib import Path

from osler.tasks.load import load
from osler.testing.random_schemas import random_schemas
from osler.testing.schema_proof import prove
from osler.testing.tiny import TinyShape, write_safetensors

LONGEST = 1500


def main(wanted: int) -> int:
    """Run the proof and print it."""
    schemas = random_schemas(4 * wanted)
    with tempfile.TemporaryDirectory() as folder:
        path = write_safetensors(Path(folder) / "tiny", shape=TinyShape(), vision=False)
        with load(path, precision="f32", context=2048, sequences=32) as model:
            proof = prove(schemas, model.engine, model.tokenizer, max_new_tokens=LONGEST, wanted=wanted)
    print(f"accepted {proof.num_accepted}: {proof.num_fitting} ended and fit, {proof.num_cut} were cut off")
    print(f"refused {proof.refused.total()}:")
    for words, count in proof.refused.most_common():
        print(f"  {count:5}  {words}")
    for schema, reply in proof.wrong:
        print(f"WRONG {json.dumps(schema)}\n  {reply!r}")
    return 1 if proof.wrong or proof.num_accepted < wanted else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
