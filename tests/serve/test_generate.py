"""Clients of text-generation-inference talk to a server with the demonstration model."""

import json

import pytest

PROMPT = "<start_of_turn>user\nWhat can you do?<end_of_turn>\n<start_of_turn>model\n"


@pytest.fixture(scope="module")
def hub(address):
    """The client of Hugging Face's hub, unchanged."""
    from huggingface_hub import InferenceClient, constants

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_OFFLINE", False)  # where it is set, not even loopback would be asked
        yield InferenceClient(model=address)


@pytest.fixture(scope="module")
def plain(address):
    httpx = pytest.importorskip("httpx")
    with httpx.Client(base_url=address, timeout=60) as client:
        yield client


def expected(nano, length):
    return nano.ask(None, "What can you do?", max_new_tokens=length)


def test_the_answer_is_the_models_own(hub, nano):
    assert hub.text_generation(PROMPT, max_new_tokens=12) == expected(nano, 12).text


def test_a_stream_gives_the_same_text_token_by_token(hub, nano):
    pieces = list(hub.text_generation(PROMPT, max_new_tokens=12, stream=True))
    assert "".join(pieces) == expected(nano, 12).text and len(pieces) > 4


def test_the_last_event_tells_the_whole_and_why_it_ended(hub, nano):
    *others, last = hub.text_generation(PROMPT, max_new_tokens=400, stream=True, details=True)
    whole = expected(nano, 400)
    assert whole.finish_reason == "stop"
    assert last.generated_text == whole.text and last.details.finish_reason == "eos_token"
    assert last.details.generated_tokens == len(others) + 1 == whole.usage.completion_tokens
    assert last.token.special and not any(one.generated_text or one.token.special for one in others)


def test_details_have_each_token_with_its_log_probability(hub):
    reply = hub.text_generation(PROMPT, max_new_tokens=6, details=True)
    assert reply.details.finish_reason == "length" and len(reply.details.tokens) == 6
    assert all(token.logprob <= 0 for token in reply.details.tokens)
    assert "".join(token.text for token in reply.details.tokens) == reply.generated_text


def test_a_stop_text_is_told_from_the_end_of_the_turn(hub, nano):
    word = expected(nano, 40).text.split()[3]
    reply = hub.text_generation(PROMPT, max_new_tokens=40, stop=[word], details=True)
    assert reply.details.finish_reason == "stop_sequence" and word not in reply.generated_text


def test_a_grammar_holds_the_answer(hub):
    schema = {"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"]}
    text = hub.text_generation(PROMPT, max_new_tokens=40, grammar={"type": "json", "value": schema})
    assert isinstance(json.loads(text)["sure"], bool)


def test_what_osler_does_not_do_is_refused_in_words(plain):
    reply = plain.post("/generate", json={"inputs": "a", "parameters": {"watermark": True}})
    assert reply.status_code == 400
    assert reply.json() == {"error": "watermark is not supported", "error_type": "validation"}


@pytest.mark.parametrize("stream", [True, False])
def test_a_refusal_raises_what_users_of_the_client_know(hub, stream):
    from huggingface_hub.errors import ValidationError

    with pytest.raises(ValidationError, match="max_new_tokens"):
        list(hub.text_generation(PROMPT, max_new_tokens=0, stream=stream))
    with pytest.raises(ValidationError, match="cannot fit"):
        list(hub.text_generation(PROMPT * 1000, max_new_tokens=2, stream=stream))


def test_limits_are_told(plain, nano):
    assert plain.get("/info").json()["max_total_tokens"] == nano.context
