"""The proof that replies held to a schema fit it: random schemas, a random model, temperature 1.

Everything but the schemas is what a user runs: the engine, the sampler and the grammar.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from osler.engine.engine import Engine
from osler.engine.request import Request
from osler.engine.sampling import Sampling
from osler.engine.sequence import Sequence as Answer
from osler.errors import InputError
from osler.prompt.tokens import Tokenizer

__all__ = ["Proof", "fits", "prove"]

AT_ONCE = 32
CLOSERS = ('"', '",', '"}', "}", "]", "},", "],")
CLOSER_BIAS = 4.0
"""A random model closes a text once in 700 tokens; with this, most replies come to an end."""


@dataclass(slots=True)
class Proof:
    """What became of the schemas.

    Attributes:
        refused: how many were refused, by the words of the refusal.
        num_cut: replies that reached their limit of tokens.
        num_fitting: replies that ended and fit.
        wrong: (schema, reply) of those that ended and do not.

    """

    refused: Counter[str] = field(default_factory=Counter)
    num_cut: int = 0
    num_fitting: int = 0
    wrong: list[tuple[dict[str, Any], str]] = field(default_factory=list)

    @property
    def num_accepted(self) -> int:
        return self.num_cut + self.num_fitting + len(self.wrong)


def prove(
    schemas: Iterable[dict[str, Any]], engine: Engine, tokenizer: Tokenizer, *, max_new_tokens: int, wanted: int
) -> Proof:
    """Let a model answer in the form of each schema until `wanted` schemas were accepted, and check the answers."""
    proof, waiting = Proof(), list[Request]()
    bias = dict.fromkeys((token for text in CLOSERS for token in _single(tokenizer, text)), CLOSER_BIAS)
    prompt = np.array(tokenizer.encode("Describe this image"), np.int32)
    for number, schema in enumerate(schemas):
        if proof.num_accepted + len(waiting) == wanted:
            break
        try:
            sampling = Sampling(
                schema=schema, temperature=1.0, seed=number, logit_bias=bias, max_new_tokens=max_new_tokens
            )
            waiting.append(Request(ids=prompt, sampling=sampling))
        except InputError as error:
            proof.refused[_kind(error)] += 1
        if len(waiting) == AT_ONCE:
            _note(proof, engine.run(waiting))
            waiting = []
    _note(proof, engine.run(waiting))
    return proof


def fits(schema: dict[str, Any], reply: str) -> bool:
    """Whether a text is JSON without doubled names that fits a schema, in decimal arithmetic."""
    from jsonschema import Draft202012Validator

    exact = json.loads(json.dumps(schema), parse_float=Decimal)
    value = json.loads(reply, parse_float=Decimal)
    return Draft202012Validator(exact).is_valid(value)


def _note(proof: Proof, answers: Sequence[Answer]) -> None:
    for answer in answers:
        schema = answer.request.sampling.schema
        assert schema is not None
        if answer.finish_reason == "length":
            proof.num_cut += 1
        elif fits(dict(schema), answer.text):
            proof.num_fitting += 1
        else:
            proof.wrong.append((dict(schema), answer.text))


def _single(tokenizer: Tokenizer, text: str) -> list[int]:
    ids = tokenizer.encode(text)
    return ids if len(ids) == 1 else []


def _kind(error: InputError) -> str:
    """A refusal's words without the place."""
    words = error.message.removeprefix("cannot hold a reply to the schema: ")
    return words.partition("` ")[2] if words.startswith("`#") else words
