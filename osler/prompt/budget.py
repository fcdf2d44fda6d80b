"""Counting tokens before anything runs."""

from dataclasses import dataclass

from osler.errors import ContextError
from osler.prompt.expand import Prompt

__all__ = ["Budget", "plan_budget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How a context is shared out; everything is counted in tokens."""

    text_tokens: int
    image_tokens: int
    new_tokens: int
    context: int

    @property
    def prompt_tokens(self) -> int:
        return self.text_tokens + self.image_tokens

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.new_tokens


def plan_budget(prompt: Prompt, *, context: int, model_context: int, max_new_tokens: int | None = None) -> Budget:
    """Share out a context between a prompt and its answer.

    Args:
        prompt: what the model is to read.
        context: tokens that the engine keeps for a sequence.
        model_context: tokens that the model can read at most, for the hint.
        max_new_tokens: how long the answer may be; None for all that is left.

    Raises:
        ContextError: the prompt leaves no room for an answer, or not for one so long.
    """
    image_tokens = prompt.num_image_tokens
    text_tokens = len(prompt.ids) - image_tokens
    left = context - len(prompt.ids)
    wanted = max(left, 1) if max_new_tokens is None else max_new_tokens
    budget = Budget(text_tokens=text_tokens, image_tokens=image_tokens, new_tokens=wanted, context=context)
    if wanted > left:
        raise ContextError(_too_long(budget, prompt.num_images), hint=_remedy(budget, left, model_context))
    return budget


def _too_long(budget: Budget, num_images: int) -> str:
    images = f" + {budget.image_tokens} of {num_images} image{'s'[: num_images != 1]}" if num_images else ""
    parts = f"{budget.text_tokens} text tokens{images} + {budget.new_tokens} to answer with"
    return f"cannot fit the question: {parts} = {budget.total_tokens}, the context holds {budget.context}"


def _remedy(budget: Budget, left: int, model_context: int) -> str:
    options = []
    if left > 0:
        options.append(f"an answer of at most {left} (--max-new-tokens {left})")
    if budget.total_tokens <= model_context:
        options.append(f"a context of at least {budget.total_tokens} (--context {budget.total_tokens})")
    if not options:
        return f"the model reads at most {model_context} tokens: send less text or fewer images"
    return "ask for " + ", or for ".join(options)
