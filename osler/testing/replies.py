"""Replies that no model wrote."""

from osler.values import Provenance, Reply, Timings, Usage

__all__ = ["reply_of"]


def reply_of(text: str) -> Reply:
    """A whole reply of a text, and nothing that it rests on.

    >>> reply_of("Clear.").finish_reason
    'stop'
    """
    return Reply(
        text=text,
        thinking=None,
        finish_reason="stop",
        usage=Usage(prompt_tokens=1, image_tokens=0, completion_tokens=1),
        timings=Timings(image_s=0, prefill_s=0, decode_s=0, first_token_s=0, total_s=0),
        provenance=Provenance(
            model="", weights_id="", precision="", images=(), prompt="", prompt_sha256="", sampling={}, versions={}
        ),
        token_ids=(),
    )
