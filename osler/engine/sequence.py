"""One request on its way through the engine."""

import enum
from collections.abc import Collection
from time import perf_counter

import numpy as np

from osler.engine.blocks import SequenceBlocks
from osler.engine.chunking import DECODED_AT_ONCE, Cut, cut_prompt, cut_scored
from osler.engine.grammar_constraint import Constraint
from osler.engine.lookup import Lookup
from osler.engine.prefix import Beginning, natural_boundaries
from osler.engine.request import Request, Token
from osler.engine.sampler import Choice, Sampler, log_probability
from osler.engine.stop import TextStream
from osler.errors import OslerError
from osler.prompt.tokens import Tokenizer
from osler.values import FinishReason

__all__ = ["Sequence", "State"]


class State(enum.Enum):
    """Where a sequence is; the last three do not change any more."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Sequence:
    """A request, its tokens so far and what they took. Callers read it; only the engine changes it.

    What is still to be computed is always the tokens from `computed` on. A step that was interrupted halfway has
    therefore nothing to undo: it is computed again (and a random draw that was lost with it is made anew).

    Attributes:
        request: what was asked.
        max_new_tokens: how many tokens may be generated, 0 where the prompt is only scored.
        state: where it is.
        tokens: the generated tokens.
        scores: [T - score_from] float64 log-probabilities where asked for, NaN for tokens of images and, until they
            are computed, for all.
        finish_reason: "stop", "length" or "cancelled" once it is done; None before, and where it failed.
        error: why it failed.
        computed: tokens whose keys and values are in the cache.
        cached: tokens of the prompt that were in the cache when it started.
        blocks: what it holds of the cache, None while it holds nothing.
        boundaries: where a chunk of the prompt ends in any case, because its beginning is kept there for other prompts.
    """

    def __init__(
        self,
        request: Request,
        *,
        max_new_tokens: int,
        stop_ids: Collection[int],
        tokenizer: Tokenizer | None,
        constraint: Constraint | None = None,
        guesses: int = 0,
    ) -> None:
        self.request = request
        self.max_new_tokens = max_new_tokens
        self.state = State.WAITING
        self.tokens: list[Token] = []
        self.scores: np.ndarray | None = None
        self.finish_reason: FinishReason | None = None
        self.error: OslerError | None = None
        self.computed = self.cached = 0
        self.blocks: SequenceBlocks | None = None
        self.spans = request.spans()
        self._ids = np.concatenate([request.ids, np.zeros(max_new_tokens, np.int32)])
        for span in self.spans:
            self._ids[span.begin : span.end] = 0  # so that beginnings can be compared
        self.boundaries = natural_boundaries(request, self.most_cached)
        self._stop_ids = frozenset() if request.sampling.ignore_eos else frozenset(stop_ids)
        self._sampler = Sampler(request.sampling, request.ids)
        self._text = TextStream(tokenizer, request.sampling.stop)
        self._constraint = constraint
        can_guess = guesses and constraint is None and request.score_from is None and request.sampling.wants_only_best
        self._guesses = guesses if can_guess else 0
        self._lookup = Lookup(self._guesses)
        self._allowed: np.ndarray | None = None
        self._allowed_after = -1  # generated tokens after which that holds
        self._note_allowed()
        self._added = perf_counter()
        self._started = self._first = self._ended = float("nan")
        if request.score_from is not None:
            self.scores = np.full(len(request.ids) - request.score_from, np.nan)

    @property
    def wants_only_best(self) -> bool:
        """Whether the most probable token that is allowed is all that is asked of this sequence's logits."""
        return self.scores is None and self.request.sampling.wants_only_best and self._knows_allowed

    @property
    def num_prompt(self) -> int:
        """Tokens of the prompt that are to be computed; the last one of a scored prompt predicts nothing."""
        return len(self.request.ids) - (self.request.score_from is not None)

    @property
    def num_tokens(self) -> int:
        """Tokens that are known and to be computed: prompt and answer."""
        return self.num_prompt + len(self.tokens)

    @property
    def most_tokens(self) -> int:
        """Tokens that the cache may have to hold: the last generated one is never computed."""
        return self.num_prompt + max(0, self.max_new_tokens - 1)

    @property
    def most_cached(self) -> int:
        """Tokens that may be in the cache already when it starts: not those whose logits are wanted."""
        return (self.num_prompt if self.request.score_from is None else self.request.score_from) - 1

    @property
    def num_pending(self) -> int:
        return self.num_tokens - self.computed

    @property
    def prefilled(self) -> int:
        """Tokens of the prompt that are computed."""
        return min(self.computed, self.num_prompt)

    @property
    def is_decoding(self) -> bool:
        """Whether generated tokens are all that is to be computed."""
        return bool(self.tokens) and self.computed >= self.num_prompt

    @property
    def longest_decoding(self) -> int:
        """The longest chunk of generated tokens.

        Two without forced or guessed ones, because a chunk interrupted at its very end is computed again with the
        token it gave.
        """
        return 2 + self._guesses if self._constraint is None else DECODED_AT_ONCE

    @property
    def allowed(self) -> np.ndarray | None:
        """[V] bool, the tokens that a grammar lets come next; None where all may, or where it is not known yet."""
        return self._allowed if self._knows_allowed else None

    @property
    def is_done(self) -> bool:
        return self.state in (State.FINISHED, State.CANCELLED, State.FAILED)

    @property
    def token_ids(self) -> tuple[int, ...]:
        """The generated ids, the stop token included."""
        return tuple(token.id for token in self.tokens)

    @property
    def text(self) -> str:
        """The generated text that is certain by now, without a stop text."""
        return "".join(token.text for token in self.tokens)

    @property
    def logprobs(self) -> tuple[float, ...] | None:
        """The log-probability of each generated token, where asked for."""
        if not self.request.sampling.logprobs:
            return None
        return tuple(token.logprob for token in self.tokens if token.logprob is not None)

    @property
    def waited_s(self) -> float:
        """From being added to the first step; this and the times below are NaN until they are known."""
        return self._started - self._added

    @property
    def prefill_s(self) -> float:
        """From the first step to the first token."""
        return self._first - self._started

    @property
    def first_token_s(self) -> float:
        """From being added to the first token."""
        return self._first - self._added

    @property
    def decode_s(self) -> float:
        """From the first token to the end."""
        return self._ended - self._first

    def start(self, blocks: SequenceBlocks, cached: int = 0) -> None:
        """Leave the queue with the blocks it needs at most, which hold the first `cached` tokens already."""
        self.blocks = blocks
        self.computed = self.cached = cached
        self._started = perf_counter()
        self.state = State.RUNNING

    def cut(self, limit: int, rows: int) -> Cut:
        """Cut the next chunk, of at most `limit` tokens; at most `rows` positions of a scored prompt get logits."""
        limit = min([limit, *(boundary - self.computed for boundary in self.boundaries if boundary > self.computed)])
        if self.request.score_from is None:
            return cut_prompt(self.spans, self.computed, self.num_tokens, limit)
        first_row = self.request.score_from - 1
        return cut_scored(self.spans, self.computed, self.num_tokens, limit, first_row, rows)

    def cut_decoding(self, *, may_guess: bool = False) -> Cut:
        """Cut the next chunk of generated tokens, and of guessed ones behind them."""
        end = min(self.num_tokens, self.computed + self.longest_decoding)
        if may_guess and self._guesses and self.num_pending == 1:
            guessed = self._lookup.guess(self._ids[:end], self.most_tokens - end)
            self._ids[end : end + len(guessed)] = guessed
            return Cut(end + len(guessed), 1 + len(guessed))
        return Cut(end, int(end == self.num_tokens))

    def ids_between(self, start: int, stop: int) -> np.ndarray:
        """[stop - start] int32 of prompt and answer, a view."""
        return self._ids[start:stop]

    def advance(self, end: int, logits: np.ndarray) -> None:
        """Take in a computed chunk that ended before token `end`.

        Args:
            logits: [rows, V] float32 of the chunk's last positions.
        """
        if self.scores is not None:
            self._score(end, logits)
        elif len(logits):
            self._generate_all(logits)
            end = min(end, self.num_tokens - 1)  # behind a wrong guess nothing counts
        self.computed = end  # last, so that an interruption before it only repeats the chunk
        if self.scores is not None and end == self.num_tokens:
            self.finish("stop")

    def finish(self, reason: FinishReason) -> None:
        """Come to an end."""
        self._ended = perf_counter()
        self.finish_reason = reason
        self.state = State.CANCELLED if reason == "cancelled" else State.FINISHED

    def fail(self, error: OslerError) -> None:
        """Come to an end with an error, which the caller who waits for the sequence gets."""
        self._ended = perf_counter()
        self.error = error
        self.state = State.FAILED

    def beginning(self, length: int) -> Beginning:
        """What its first tokens are, of prompt and answer."""
        return Beginning.of(self.ids_between(0, length), self.request.images, self.request.adapter)

    @property
    def prompt_ids(self) -> np.ndarray:
        """[num_prompt] int32, 0 where images stand."""
        return self.ids_between(0, self.num_prompt)

    @property
    def _knows_allowed(self) -> bool:
        return self._constraint is None or self._allowed_after == len(self.tokens)

    def _generated(self, num: int) -> np.ndarray:
        """[num] int32: the first generated ids."""
        return self._ids[self.num_prompt : self.num_prompt + num]

    def _note_allowed(self) -> None:
        """Find out what may come next. It is done before the step, so that the runner knows it, too."""
        if self._constraint is not None and not self.is_done:
            num = len(self.tokens)
            self._allowed = self._constraint.allowed(self._generated(num))
            self._allowed_after = num

    def _generate_all(self, logits: np.ndarray) -> None:
        """Choose a token from each row, [rows, V], as long as the guesses behind the first are what was chosen."""
        guessed = self._ids[self.num_tokens : self.num_tokens + len(logits) - 1].tolist()
        num_right = 0
        for row in logits:
            self._generate(row)
            if self.is_done or num_right == len(guessed) or self.tokens[-1].id != guessed[num_right]:
                break
            num_right += 1
        if guessed:
            self._lookup.note(num_right)

    def _generate(self, logits: np.ndarray) -> None:
        if not self._knows_allowed:  # an interruption came before it was noted
            self._note_allowed()
        choice = self._sampler.choose(logits, self._allowed)
        if not self.tokens:
            self._first = perf_counter()
        self._append(choice)
        self._append_forced()
        self._note_allowed()

    def _append(self, choice: Choice) -> None:
        self._ids[self.num_tokens] = choice.token
        text = self._text.push(choice.token)
        reason = self._reason_to_end(choice.token)
        if reason is not None:
            text += self._text.finish()
        self.tokens.append(Token(choice.token, text, choice.logprob, choice.top))
        if reason is not None:
            self.finish(reason)

    def _append_forced(self) -> None:
        """Go on with the tokens that can only come next; the next step computes them all at once."""
        if self._constraint is None or self.is_done or self.request.sampling.logprobs:
            return
        for token in self._constraint.forced(self._generated(len(self.tokens))):
            self._sampler.note(token)
            self._append(Choice(token))
            if self.is_done:
                return

    def _reason_to_end(self, token: int) -> FinishReason | None:
        """Why the answer ends with a token that is noted already, if it does."""
        if token in self._stop_ids or self._text.stopped:
            return "stop"
        num = len(self.tokens) + 1
        if self._constraint is not None and self._constraint.is_complete(self._generated(num)):
            return "stop"
        return "length" if num == self.max_new_tokens else None

    def _score(self, end: int, logits: np.ndarray) -> None:
        """Note the log-probabilities of the tokens after the chunk's last positions."""
        assert self.scores is not None and self.request.score_from is not None
        for place, row in enumerate(logits, start=end - len(logits) + 1):
            if not any(span.begin <= place < span.end for span in self.spans):
                self.scores[place - self.request.score_from] = log_probability(row, int(self._ids[place]))
                if self.request.watch is not None:
                    self.request.watch(place, row)
