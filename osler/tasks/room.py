"""Counting a study's tokens before any of its pixels are read, and thinning it where that was allowed.

What stands in for the study is its outline: as many one-pixel images as there will be, with the texts that will go with
them. The prompt is built of that, so the count is the tokenizer's and not an estimate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osler.errors import ContextError
from osler.prompt import Prompt, Tokenizer, build_prompt, plan_budget
from osler.tasks.ask import question_messages
from osler.tasks.view import Plan
from osler.values import Image, ImagePart, TextPart

__all__ = ["BLANK", "LONGEST_ANSWER", "Room", "limits_for"]

LONGEST_ANSWER = 2000
"""Tokens of an answer when nobody says how many, and the context holds as many: the longest of the official demos."""

OPTIONS = {"volume": "--max-slices", "slide": "--max-patches", "document": "--pages"}
"""By which option a person sends less of a kind. These kinds are thinned first: each of their images is one of many."""

BLANK = Image(pixels=np.zeros((1, 1, 3), np.uint8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a prompt and its answer have to fit into.

    Attributes:
        tokenizer: the model's.
        image_tokens: M, what an image takes.
        context: tokens that the engine keeps for a sequence.
        model_context: tokens that the model can read at most.
        new_tokens: how long the answer may be; None for what is left.
        system, think: what goes before the question.
    """

    tokenizer: Tokenizer
    image_tokens: int
    context: int
    model_context: int
    new_tokens: int | None = None
    system: str | None = None
    think: bool = False

    def check(self, plans: Sequence[Plan], counts: Sequence[int], question: str, new_tokens: int | None) -> None:
        """Refuse what does not fit.

        Args:
            plans: what is to be seen.
            counts: how many images of each.
            question: the text that follows.
            new_tokens: the answer's.

        Raises:
            ContextError: with the numbers.
        """
        prompt = self._prompt(plans, counts, question)
        plan_budget(prompt, context=self.context, model_context=self.model_context, max_new_tokens=new_tokens)

    def count(self, plans: Sequence[Plan], counts: Sequence[int], question: str = "") -> int:
        """Tokens of the prompt, whether or not it fits."""
        return len(self._prompt(plans, counts, question).ids)

    def has_place(self, plans: Sequence[Plan], counts: Sequence[int], question: str) -> bool:
        """Whether so many images fit, with an answer of use: the one asked for, else a quarter of the context."""
        try:
            self.check(plans, counts, question, self.new_tokens or min(LONGEST_ANSWER, self.context // 4))
        except ContextError:
            return False
        return True

    def _prompt(self, plans: Sequence[Plan], counts: Sequence[int], question: str) -> Prompt:
        parts = [part for plan, count in zip(plans, counts, strict=True) for part in _outline(plan, count)]
        messages = question_messages(parts, question, self.system)
        return build_prompt(messages, self.tokenizer, image_tokens=self.image_tokens, think=self.think)


def limits_for(plans: Sequence[Plan], room: Room, *, question: str, fit: bool) -> tuple[int | None, ...]:
    """To how many images each plan is to be thinned; None for all that it has.

    Raises:
        ContextError: the study does not fit, and `fit` was not allowed or could not help; with the numbers, and the
            options that would.
    """
    everything = [plan.num_images for plan in plans]
    try:
        room.check(plans, everything, question, room.new_tokens)
    except ContextError as error:
        most = _most_that_fit(plans, room, question)
        if most is None:
            raise
        if not fit:
            raise ContextError(error.message, hint=_remedy(plans, most, error.hint)) from None
        return tuple(None if count == plan.num_images else count for plan, count in zip(plans, most, strict=True))
    return (None,) * len(plans)


def _outline(plan: Plan, num_images: int) -> list[ImagePart | TextPart]:
    """A plan's parts with that many blank images; where there is a text for each image, it follows its image."""
    texts, total = plan.texts, plan.num_images
    labels = texts[len(texts) - total :] if 1 < total <= len(texts) else ()
    opening = texts[: len(texts) - len(labels)]
    parts: list[ImagePart | TextPart] = [TextPart(text=text) for text in opening]
    kept = labels[len(labels) - num_images :] if labels else ("",) * num_images  # the last are the longest
    for label in kept:
        parts += [ImagePart(image=BLANK), *([TextPart(text=label)] if label else [])]
    return parts


def _most_that_fit(plans: Sequence[Plan], room: Room, question: str) -> list[int] | None:
    """The most images of each plan that fit, thinned evenly; None where thinning cannot help."""
    thinnable = [plan.kind in OPTIONS and plan.num_images > 1 for plan in plans]
    if not any(thinnable):
        thinnable = [plan.num_images > 1 for plan in plans]
    low, high = 0, max((plan.num_images for plan, thins in zip(plans, thinnable, strict=True) if thins), default=0)
    total = high
    while low < high:  # the largest share, in parts of the largest plan's images, that fits
        middle = (low + high + 1) // 2
        if room.has_place(plans, _shares(plans, thinnable, middle, total), question):
            low = middle
        else:
            high = middle - 1
    return _shares(plans, thinnable, low, total) if low else None


def _shares(plans: Sequence[Plan], thinnable: Sequence[bool], part: int, whole: int) -> list[int]:
    """The same share of each plan's images that can be thinned, at least one; all of the others'."""
    return [
        max(1, plan.num_images * part // whole) if thins else plan.num_images
        for plan, thins in zip(plans, thinnable, strict=True)
    ]


def _remedy(plans: Sequence[Plan], most: Sequence[int], other: str | None) -> str:
    """The options that make it fit."""
    thinned = [(plan, count) for plan, count in zip(plans, most, strict=True) if count < plan.num_images]
    options = {OPTIONS[plan.kind]: count for plan, count in thinned if plan.kind in OPTIONS and len(thinned) == 1}
    numbered = "".join(f", {option} {count} does the same" for option, count in options.items() if option != "--pages")
    return f"--fit sends the most that fit ({sum(most)} images){numbered}" + (f"; or {other}" if other else "")
