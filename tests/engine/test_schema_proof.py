"""Random schemas, a random model, temperature 1: every reply that ends fits (tools/prove_schemas.py takes 1,000)."""

from osler.tasks.load import load
from osler.testing.random_schemas import random_schemas
from osler.testing.schema_proof import fits, prove
from osler.testing.tiny import TinyShape, write_gguf, write_safetensors

WANTED = 40


def test_every_reply_that_ends_fits_its_schema(tmp_path):
    path = write_safetensors(tmp_path / "tiny", shape=TinyShape(), vision=False)
    with load(path, precision="f32", context=2048, sequences=32) as model:
        proof = prove(random_schemas(4 * WANTED), model.engine, model.tokenizer, max_new_tokens=700, wanted=WANTED)
    assert proof.wrong == []
    assert proof.num_accepted == WANTED and proof.num_fitting > WANTED * 0.8


def test_the_tokenizer_of_a_gguf_file_holds_to_a_schema(tmp_path):
    path = write_gguf(tmp_path / "tiny.gguf", projector=None)
    schemas = [{"type": "array", "items": {"enum": ["effusion", "胸片", 'a "b"']}, "minItems": 3, "maxItems": 6}] * 5
    with load(path, context=1024) as model:
        proof = prove(schemas, model.engine, model.tokenizer, max_new_tokens=400, wanted=5)
    assert (proof.num_fitting, proof.wrong) == (5, [])


def test_the_proof_can_fail():
    assert fits({"type": "number", "multipleOf": 0.1}, "0.3")
    assert not fits({"type": "number", "multipleOf": 0.1}, "0.35")
    assert not fits({"enum": ["left"]}, '"right"')
