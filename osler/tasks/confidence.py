"""How probable each possible answer is to the model: from its logits, before it has written anything.

A model writes its answer token by token, and gives every token a probability. The probability of an option is that
of all answers which begin with it ("Yes", "yes", "**Yes", "(B)" and so on), worked out exactly from one look at the
prompt and, where a form takes several tokens, one more for it. Where one form begins as another does ("effusion" and
"effusion on the left"), each answer counts for the longest that it begins with.

Two numbers come of it: how the options share what is theirs (they add up to 1), and how much is theirs at all. The
second tells whether the first means something: where the model would rather have written something else, the share of
the options is the share of little.

What it is not: the probability that a finding is there. Models of language are often too sure, more so after
instruction tuning; only a comparison with known answers on your own data tells how sure is how right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import exp
from typing import TYPE_CHECKING, Any

import numpy as np

from osler.engine.request import Request
from osler.engine.sampling import Sampling
from osler.tasks.answer_options import forms_of, options_in, refuse_bad_options
from osler.values import NOTICE

if TYPE_CHECKING:
    from osler.tasks.model import Model
    from osler.tasks.prepare import Prepared

__all__ = ["MEANING", "Confidence", "OptionShare", "confidence_of", "shares_of"]

MEANING = (
    "share: of the probability that the model gives to beginning its answer with one of these options; "
    "it is how sure the model is, not how probable a finding is, and it was not calibrated."
)
LOOK = 100
"""Most probable first tokens that are looked at; a form that begins with none of them counts as nothing."""

ROOM = 32
"""Tokens that the longest option may take."""

LITTLE = 0.5

Ids = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionShare:
    """One option.

    Attributes:
        share: of all options' probability, 0 to 1.
        probability: that the answer begins with it.
    """

    option: str
    share: float
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """What the model thinks of each option.

    Attributes:
        options: in the order of the question.
        probability: that the answer begins with any of them.
        meaning: what the numbers are, in words.
        notes: what a person should know of these numbers.
    """

    options: tuple[OptionShare, ...]
    probability: float
    meaning: str = MEANING
    notes: tuple[str, ...] = ()
    notice: str = NOTICE

    @property
    def best(self) -> OptionShare:
        """The most probable option; of equals the first."""
        return max(self.options, key=lambda one: one.share)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def confidence_of(model: "Model", prepared: "Prepared", question: str, options: Sequence[str] | None) -> Confidence:
    """Measure how probable each option is as the answer to a question that was made ready.

    Args:
        prepared: with the prompt that ends where the answer begins.
        question: in which options are looked for.
        options: instead of those in the question.

    Raises:
        InputError: the question tells no options, or those that were named make no sense.
    """
    named = options_in(question) if options is None else refuse_bad_options(options)
    forms = {tuple(model.tokenize(form)): option for option in reversed(named) for form in reversed(forms_of(option))}
    asked = _Asked(model, prepared.prompt.ids, model.placed_images(prepared))
    likely = asked.first_tokens()
    probabilities = {ids: asked.probability(ids, likely) for ids in forms}
    for option in named:  # one that is far from likely still gets a number
        own = [ids for ids, whose in forms.items() if whose == option]
        if not any(probabilities[ids] for ids in own):
            probabilities[own[0]] = asked.scored(own[0])
    by_option = shares_of(probabilities, forms, named)
    total = sum(by_option.values())
    return Confidence(
        options=tuple(
            OptionShare(option=option, share=found / total if total else 1 / len(named), probability=found)
            for option, found in by_option.items()
        ),
        probability=total,
        notes=_notes(total),
        notice=model.notice,
    )


def shares_of(probabilities: Mapping[Ids, float], forms: Mapping[Ids, str], options: Sequence[str]) -> dict[str, float]:
    """The probability of each option: of answers that begin with one of its forms and with no longer one.

    Args:
        probabilities: of answers that begin with a form's ids, whatever follows.
        forms: whose each form is.
        options: all of them.
    """
    found = dict.fromkeys(options, 0.0)
    for ids, probability in probabilities.items():
        found[forms[ids]] += probability
        shorter = [ids[:length] for length in range(len(ids) - 1, 0, -1) if ids[:length] in probabilities]
        if shorter:  # counted there already
            found[forms[shorter[0]]] -= probability
    return {option: max(0.0, probability) for option, probability in found.items()}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A prompt, and looks at what may come next."""

    model: "Model"
    ids: Sequence[int]
    images: tuple[tuple[int, np.ndarray], ...]

    def first_tokens(self) -> dict[int, float]:
        """The most probable first tokens with their probabilities."""
        sampling = Sampling(max_new_tokens=1, logprobs=True, top_logprobs=LOOK)
        ids, adapter = np.array(self.ids, np.int32), self.model.adapter_number
        request = Request(ids=ids, images=self.images, sampling=sampling, adapter=adapter)
        (sequence,) = self.model.engine.run([request])
        return {token: exp(logprob) for token, logprob in sequence.tokens[0].top_logprobs}

    def probability(self, ids: Ids, likely: Mapping[int, float]) -> float:
        """That the answer begins with these tokens."""
        first = likely.get(ids[0], 0.0)
        return first if len(ids) == 1 or not first else self.scored(ids)

    def scored(self, ids: Ids) -> float:
        """The same, by a look of its own."""
        whole, adapter = [*self.ids, *ids], self.model.adapter_number
        logprobs = self.model.engine.score(whole, self.images, len(self.ids), adapter=adapter)
        return exp(float(logprobs.sum()))


def _notes(total: float) -> tuple[str, ...]:
    if total >= LITTLE:
        return ()
    part = f"only {total:.0%}" if total >= 0.01 else "less than 1%"
    return (
        f"{part} of the probability is on these options: the model would rather begin its answer otherwise; "
        'ask for one of them, such as "… Answer yes or no."',
    )
