"""Replies held to a form, through the whole engine over a small model that believes its block tables."""

import json
import re

import numpy as np
import pytest

from osler.engine.engine import Engine
from osler.engine.request import Request
from osler.engine.sampling import Sampling
from osler.engine.scheduler import Limits
from osler.errors import InputError
from osler.prompt import stop_ids
from osler.testing.runners import PagedRunner, tiny_config
from osler.testing.scripted import ScriptRunner
from osler.testing.tokens import CharacterTokenizer

TOKENIZER = CharacterTokenizer()
STOPS = stop_ids(TOKENIZER)
CONFIG = tiny_config(vocabulary_size=TOKENIZER.size + 5)
BLOCKS = 80
SMALL_STEPS = Limits(sequences=3, prefill_tokens=31, mixed_tokens=17, logit_rows=5)

REPORT = {
    "type": "object",
    "properties": {
        "finding": {"enum": ["effusion", "no effusion", "pneumothorax"]},
        "side_of_the_body": {"enum": ["left", "right"]},
        "size_mm": {"type": "integer", "minimum": 0, "maximum": 999},
        "certain": {"type": "boolean"},
    },
    "required": ["finding", "side_of_the_body", "size_mm", "certain"],
}


def make(limits=None, tokenizer=TOKENIZER):
    runner = PagedRunner(CONFIG, global_blocks=BLOCKS, local_blocks=BLOCKS)
    return Engine(runner, stop_ids=STOPS, global_blocks=BLOCKS, local_blocks=BLOCKS, tokenizer=tokenizer, limits=limits)


def request(number=0, num_prompt=20, **sampling):
    ids = np.random.default_rng(number).integers(11, 200, num_prompt)
    return Request(ids=ids, sampling=Sampling(**({"max_new_tokens": 300} | sampling)))


def answer(engine=None, **sampling):
    return (engine or make()).run([request(**sampling)])[0]


def scripted(text, **sampling):
    """What becomes of a model that wants to write a text."""
    runner = ScriptRunner([*TOKENIZER.encode(text), *[STOPS[0]] * 9], TOKENIZER.size)
    engine = Engine(runner, stop_ids=STOPS, global_blocks=9, local_blocks=9, tokenizer=TOKENIZER)
    return engine.run([Request(ids=[20], sampling=Sampling(**({"max_new_tokens": 100} | sampling)))])[0]


def num_steps(engine):
    return len(engine._runner.chunks)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_reply_fits_its_schema_whatever_the_model_wants(temperature):
    reply = answer(schema=REPORT, temperature=temperature, seed=1)
    found = json.loads(reply.text)
    assert reply.finish_reason == "stop"
    assert list(found) == REPORT["required"]
    assert found["finding"] in REPORT["properties"]["finding"]["enum"] and 0 <= found["size_mm"] <= 999


def test_a_reply_matches_its_regex():
    pattern = r"(left|right) (upper|lower) lobe, \d{1,2} mm"
    reply = answer(regex=f"^{pattern}$", temperature=1.0, seed=3)
    assert re.fullmatch(pattern, reply.text) and reply.finish_reason == "stop"


def test_forced_tokens_cost_no_step():
    engine = make()
    reply = answer(engine, schema=REPORT)
    assert len(reply.tokens) > 80
    assert num_steps(engine) < len(reply.tokens) / 3


def test_forced_tokens_are_those_that_the_model_would_have_had_to_choose():
    quick, slow = answer(schema=REPORT), answer(schema=REPORT, logprobs=True)
    assert quick.token_ids == slow.token_ids
    assert len(slow.logprobs) == len(slow.tokens)


def test_what_comes_after_forced_tokens_rests_on_all_of_them():
    """The forced tokens' keys and values are in the cache: the next choice is the most probable allowed one."""
    engine = make()
    asked = request(
        schema={"type": "object", "properties": {"a_long_name": {"enum": list("pqrs")}}, "minProperties": 1}
    )
    reply = engine.run([asked])[0]
    before = '{"a_long_name": "'
    assert reply.text.startswith(before)
    prompt = [*asked.ids, *TOKENIZER.encode(before)]
    scores = {letter: engine.score([*prompt, *TOKENIZER.encode(letter)], start=len(prompt))[0] for letter in "pqrs"}
    assert json.loads(reply.text)["a_long_name"] == max(scores, key=scores.__getitem__)


def test_replies_with_and_without_forms_are_computed_together_as_alone():
    wanted = [
        {"number": 1, "schema": REPORT},
        {"number": 2, "num_prompt": 70, "max_new_tokens": 60, "ignore_eos": True},
        {"number": 3, "regex": "[a-z]{5,40}", "temperature": 1.0, "seed": 5},
        {"number": 4, "schema": REPORT, "temperature": 0.9, "seed": 2},
        {"number": 5, "num_prompt": 150, "max_new_tokens": 30, "temperature": 1.0, "seed": 3},
        {"number": 6, "schema": {"type": "array", "items": {"type": "number"}, "minItems": 3}, "max_new_tokens": 90},
    ]
    alone = [make().run([request(**options)])[0] for options in wanted]
    together = make(SMALL_STEPS).run([request(**options) for options in wanted])
    assert [reply.token_ids for reply in together] == [reply.token_ids for reply in alone]


def test_all_blocks_are_free_at_the_end():
    engine = make(SMALL_STEPS)
    engine.run([request(number, schema=REPORT) for number in range(5)])
    engine.forget()
    assert engine._scheduler.holdings.global_pool.num_free == BLOCKS
    assert engine._scheduler.holdings.local_pool.num_free == BLOCKS


def test_a_long_run_of_forced_tokens_is_computed_in_pieces():
    engine, text = make(), "a constant of many words, " * 10
    schema = {"type": "array", "prefixItems": [{"const": text}, {"enum": list("pqrs")}], "minItems": 2}
    reply = answer(engine, schema=schema, max_new_tokens=500)
    assert json.loads(reply.text)[0] == text
    lengths = [len(chunk.ids) for chunks in engine._runner.chunks for chunk in chunks]
    assert max(lengths[1:]) == 32


@pytest.mark.parametrize("limit", [1, 5, 40])
def test_a_reply_that_is_cut_says_so(limit):
    reply = answer(schema=REPORT, max_new_tokens=limit)
    assert (reply.finish_reason, len(reply.tokens)) == ("length", limit)


def test_a_reply_whose_last_token_is_the_last_one_allowed_is_whole():
    whole = answer(schema=REPORT)
    again = answer(schema=REPORT, max_new_tokens=len(whole.tokens))
    assert (again.finish_reason, again.text) == ("stop", whole.text)


def test_nothing_that_is_only_a_special_token_gets_into_a_reply():
    reply = answer(schema={"type": "string", "maxLength": 200}, temperature=1.0, seed=4)
    special = {TOKENIZER.id_of(name) for name in ("<unused94>", "<unused95>", "<start_of_turn>", "<bos>")}
    assert not special & set(reply.token_ids)


def test_characters_of_several_tokens_come_out_whole():
    reply = answer(regex="[é胸片]{20}", temperature=1.0, seed=1)
    assert re.fullmatch("[é胸片]{20}", reply.text)


def test_a_text_that_spells_a_special_token_is_a_text():
    reply = answer(schema={"const": "say <eos> and <end_of_turn>"})
    assert json.loads(reply.text) == "say <eos> and <end_of_turn>"


def test_the_model_still_chooses_what_is_open():
    assert json.loads(scripted('"left"', schema={"enum": ["left", "right"]}).text) == "left"
    assert json.loads(scripted('"right"', schema={"enum": ["left", "right"]}).text) == "right"


def test_thinking_comes_before_the_form_where_it_may():
    text = "<unused94>thought\nThe heart, 1 { ].<unused95>yes"
    reply = scripted(text, regex="yes|no", may_think=True)
    assert (reply.text, reply.finish_reason) == ("thought\nThe heart, 1 { ].yes", "stop")


def test_a_model_that_does_not_think_answers_in_the_form_at_once():
    assert scripted("no", regex="yes|no", may_think=True).text == "no"


def test_thinking_is_no_way_around_the_form_where_it_may_not():
    reply = scripted("<unused94>no", regex="yes|no")
    assert reply.text in ("yes", "no")


def test_thinking_does_not_end_the_reply():
    ids = [TOKENIZER.id_of("<unused94>"), STOPS[0], TOKENIZER.id_of("<unused95>"), *TOKENIZER.encode("no")]
    engine = Engine(
        ScriptRunner(ids, TOKENIZER.size), stop_ids=STOPS, global_blocks=9, local_blocks=9, tokenizer=TOKENIZER
    )
    sampling = Sampling(regex="yes|no", may_think=True, max_new_tokens=50)
    reply = engine.run([Request(ids=[20], sampling=sampling)])[0]
    assert reply.token_ids[1] != STOPS[0] and reply.text.endswith("no")


def test_a_prompt_is_scored_whatever_form_is_asked_for():
    asked = Request(ids=[20, 21, 22], sampling=Sampling(schema=REPORT), score_from=1)
    assert len(make().run([asked])[0].scores) == 2


def test_penalties_count_forced_tokens_and_leave_the_form_alone():
    reply = answer(schema=REPORT, repetition_penalty=1.5, frequency_penalty=1.0)
    assert list(json.loads(reply.text)) == REPORT["required"]


def test_an_engine_without_a_tokenizer_refuses_a_form():
    with pytest.raises(InputError, match="no tokenizer"):
        answer(make(tokenizer=None), schema=REPORT)


def test_an_engine_without_a_stop_token_refuses_a_form():
    runner = PagedRunner(CONFIG, global_blocks=9, local_blocks=9)
    engine = Engine(runner, stop_ids=[], global_blocks=9, local_blocks=9, tokenizer=TOKENIZER)
    with pytest.raises(InputError, match="ends an answer"):
        engine.run([request(schema=REPORT, max_new_tokens=20)])


class Interrupted(PagedRunner):
    """Is interrupted once, after a step has been computed."""

    left = 0

    def step(self, chunks):
        logits = super().step(chunks)
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return logits


class InterruptedTokenizer(CharacterTokenizer):
    """Is interrupted once, while a token that was just chosen is taken in."""

    left = 0

    def piece(self, token):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt
        return super().piece(token)


@pytest.mark.parametrize("after", [1, 2, 3, 5])
@pytest.mark.parametrize("place", ["runner", "tokenizer"])
def test_an_interruption_changes_no_reply(place, after):
    tokenizer = InterruptedTokenizer()
    runner = Interrupted(CONFIG, global_blocks=BLOCKS, local_blocks=BLOCKS)
    engine = Engine(runner, stop_ids=STOPS, global_blocks=BLOCKS, local_blocks=BLOCKS, tokenizer=tokenizer)
    sequences = [engine.add(request(number, schema=REPORT)) for number in range(2)]
    (runner if place == "runner" else tokenizer).left = after
    with pytest.raises(KeyboardInterrupt):
        while engine.step():
            pass
    while engine.step():
        pass
    expected = [answer(number=number, schema=REPORT).token_ids for number in range(2)]
    assert [sequence.token_ids for sequence in sequences] == expected


class Stubborn:
    """Wants the same text over and over, whatever it is asked."""

    def __init__(self, text):
        self.config = tiny_config(vocabulary_size=TOKENIZER.size)
        self._ids = TOKENIZER.encode(text)
        self._num_asked = 0

    def step(self, chunks):
        logits = np.zeros((sum(chunk.num_logits for chunk in chunks), TOKENIZER.size), np.float32)
        for row in logits:
            row[self._ids[min(self._num_asked, len(self._ids) - 1)]] = 9
            self._num_asked += 1
        return logits

    def copy(self, sources, targets, *, is_global):
        pass  # it has no cache


@pytest.mark.parametrize(
    "wish, schema, longest",
    [
        ('"a', {"type": "string"}, 2002),
        ('"\n', {"type": "string"}, 4002),
        ("-1", {"type": "integer"}, 16),
        ("0.0", {"type": "number"}, 8),
        ("1e9", {"type": "number"}, 16),
        ("[n,", {"type": "array", "items": {"type": "null"}}, 600),
        ('{"k', {"type": "object", "additionalProperties": {"type": "null"}}, 3000),
        ('{"m', {"type": "object", "properties": {"m": {"$ref": "#"}}}, 100),
    ],
    ids=lambda value: None if isinstance(value, int) else json.dumps(value),
)
def test_a_model_that_repeats_itself_comes_to_an_end(wish, schema, longest):
    engine = Engine(Stubborn(wish), stop_ids=STOPS, global_blocks=127, local_blocks=127, tokenizer=TOKENIZER)
    reply = engine.run([Request(ids=[20], sampling=Sampling(schema=schema, max_new_tokens=4050))])[0]
    assert reply.finish_reason == "stop"
    assert len(json.dumps(json.loads(reply.text))) <= longest
