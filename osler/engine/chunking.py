"""Cutting a prompt into chunks, without ever cutting an image."""

from typing import NamedTuple

from osler.engine.request import Span

__all__ = ["DECODED_AT_ONCE", "Cut", "cut_prompt", "cut_scored"]

DECODED_AT_ONCE = 32
"""Most generated tokens of a sequence that one step computes: the chosen one and those that a grammar forced."""


class Cut(NamedTuple):
    """A chunk ends before token `end`; its last `num_logits` positions need logits. `end` = start: nothing fits."""

    end: int
    num_logits: int


def cut_prompt(images: tuple[Span, ...], start: int, stop: int, limit: int) -> Cut:
    """Cut a chunk of at most `limit` tokens off tokens start .. stop - 1, of which the last needs logits.

    ::

        limit 8     t t t t t I I I I I I t t t
        chunk 1     ---------                     ends before the image that does not fit
        chunk 2               ---------------
    """
    end = min(start + limit, stop)
    for image in images:
        if image.begin < end < image.end:
            end = image.begin
    return Cut(end, int(end == stop))


def cut_scored(images: tuple[Span, ...], start: int, stop: int, limit: int, first_row: int, rows: int) -> Cut:
    """Cut a chunk off a prompt to be scored: positions from `first_row` on need logits, at most `rows` at a time.

    From there on an image makes a chunk of its own, with logits for its last position alone: the others would
    predict image tokens, which have no probability, and logits of 256 positions are 256 MiB.
    """
    scored = [image for image in images if image.end > max(start, first_row)]
    if scored and scored[0].begin == start:
        end = scored[0].end
        return Cut(end, 1) if end - start <= limit else Cut(start, 0)
    if scored:
        stop = min(stop, scored[0].begin)
    end = cut_prompt(images, start, min(stop, max(start, first_row) + rows), limit).end
    return Cut(end, max(0, end - max(start, first_row)))
