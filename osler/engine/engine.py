"""Token ids in, token ids out."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator

import numpy as np

from osler.engine.grammar_constraint import Constraint
from osler.engine.grammar_vocabulary import GrammarVocabulary
from osler.engine.request import Request, Token
from osler.engine.scheduler import Limits, Scheduler, Share
from osler.engine.sequence import Sequence
from osler.engine.step import BLOCK, Runner
from osler.errors import ContextError, InputError, OslerError
from osler.prompt.tokens import Tokenizer

__all__ = ["Engine", "Progress"]

Progress = Callable[[int, int], None]
"""Called with prompt tokens computed and prompt tokens in all."""


class Engine:
    """Runs any number of requests together over one model and one cache.

    Greedy requests and those with a seed repeat exactly, also beside others, as far as the runner's arithmetic does
    not depend on how tokens are batched and prompts are cut; where it does (bf16, int8 activations), a near-tie
    between two tokens may fall the other way.

    Several threads may use one engine: whichever waits for a token computes a step for all of them, the others wait
    for it to end. One lock guards the state; it is free while the model computes, so adding and cancelling are quick.
    An interruption (Ctrl-C) leaves the engine usable: the sequences that were waited for are cancelled and their
    blocks free.

    Args:
        runner: the model; it owns a cache of as many blocks as are named here.
        stop_ids: tokens that end an answer.
        global_blocks, local_blocks: blocks of the cache of global and of local layers.
        context: most tokens of one sequence; the model's and the cache's limit if it is None.
        tokenizer: gives tokens their text and finds stop texts; without one there are only ids.
        limits: how much goes into one step.
        num_adapters: how many the runner has.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        stop_ids: Collection[int],
        global_blocks: int,
        local_blocks: int,
        context: int | None = None,
        tokenizer: Tokenizer | None = None,
        limits: Limits | None = None,
        num_adapters: int = 0,
    ) -> None:
        self._runner = runner
        self._num_adapters = num_adapters
        self._stop_ids = frozenset(stop_ids)
        self._tokenizer = tokenizer
        held = min(global_blocks * BLOCK, runner.config.context_length)
        self.context = held if context is None else min(held, context)
        self._scheduler = Scheduler(
            runner.config,
            limits or Limits(),
            global_blocks=global_blocks,
            local_blocks=local_blocks,
            copy=runner.copy,
        )
        self._vocabulary: GrammarVocabulary | None = None
        self._building = threading.Lock()
        self._changed = threading.Condition()
        self._driver: int | None = None  # the thread that computes a step just now

    def add(self, request: Request) -> Sequence:
        """Queue a request. It gets on when anybody steps, follows or runs something.

        Raises:
            InputError: the request does not suit the model.
            ContextError: it has, or may come to have, more tokens than a sequence can.
        """
        self._check(request)
        sequence = Sequence(
            request,
            max_new_tokens=self._max_new_tokens(request),
            stop_ids=self._stop_ids,
            tokenizer=self._tokenizer,
            constraint=self._constraint(request),
            guesses=self._scheduler.limits.guesses if request.may_guess else 0,
        )
        with self._changed:
            self._scheduler.add(sequence)
            self._changed.notify_all()
        return sequence

    def occupancy(self) -> tuple[int, int]:
        """How many sequences run, and how many wait for room."""
        with self._changed:
            return self._scheduler.num_running, self._scheduler.num_waiting

    def step(self) -> bool:
        """Compute one step for all sequences, after the one that another thread may be computing.

        Returns:
            Whether there was anything to do.
        """
        with self._changed:
            self._changed.wait_for(self._may_drive)
            self._driver = threading.get_ident()
        return self._drive()

    def run(self, requests: Iterable[Request]) -> list[Sequence]:
        """Run requests together to their ends.

        Raises:
            InputError, ContextError: as `add`, before any of them is computed.
            OslerError: one of them failed; those that are not done yet are cancelled.
        """
        sequences: list[Sequence] = []
        try:
            for request in requests:
                sequences.append(self.add(request))
            for sequence in sequences:
                self._wait_for_end(sequence)
        finally:
            for sequence in sequences:
                self.cancel(sequence)
        return sequences

    def stream(self, request: Request, on_prefill: Progress | None = None) -> Iterator[Token]:
        """Run one request and give its tokens as they come; leaving the loop early cancels it."""
        yield from self.follow(self.add(request), on_prefill)

    def follow(self, sequence: Sequence, on_prefill: Progress | None = None) -> Iterator[Token]:
        """Give the tokens of a sequence that was added, as they come; leaving the loop early cancels it.

        Raises:
            OslerError: it failed.
        """
        num_given = prefilled = 0
        try:
            while True:
                self._wait_for_news(sequence, num_given, prefilled)
                is_done, num_tokens = sequence.is_done, len(sequence.tokens)
                if on_prefill is not None and sequence.prefilled > prefilled:
                    on_prefill(sequence.prefilled, sequence.num_prompt)
                prefilled = sequence.prefilled
                yield from sequence.tokens[num_given:num_tokens]
                num_given = num_tokens
                if is_done and num_given == len(sequence.tokens):
                    break
        finally:
            self.cancel(sequence)
        if sequence.error is not None:
            raise sequence.error

    def score(
        self,
        ids: Iterable[int] | np.ndarray,
        images: tuple[tuple[int, np.ndarray], ...] = (),
        start: int = 1,
        *,
        adapter: int = 0,
        watch: Callable[[int, np.ndarray], None] | None = None,
    ) -> np.ndarray:
        """The log-probability of each token from `start` on, given all the tokens before it.

        Args:
            ids: T token ids.
            images: (offset, [M, D] float32 vectors that stand there).
            start: from 1 to T - 1.
            adapter, watch: as in `Request`.

        Returns:
            [T - start] float64, NaN for tokens that belong to an image.
        """
        whole = np.asarray(ids if isinstance(ids, np.ndarray) else list(ids))
        request = Request(ids=whole, images=images, score_from=start, adapter=adapter, watch=watch)
        sequence = self.run([request])[0]
        assert sequence.scores is not None
        return sequence.scores

    def cancel(self, sequence: Sequence) -> None:
        """End a sequence now and free its blocks; nothing happens to one that is done."""
        with self._changed:
            if self._driver == threading.get_ident():
                self._driver = None  # an interruption came between taking the turn and using it
            if not sequence.is_done:
                sequence.finish("cancelled")
            self._scheduler.retire(sequence)
            self._changed.notify_all()

    def forget(self) -> None:
        """Free the blocks of what is kept of earlier prompts."""
        with self._changed:
            self._scheduler.holdings.forget()

    def _may_drive(self) -> bool:
        return self._driver in (None, threading.get_ident())

    def _drive(self) -> bool:
        """Compute a step in this thread's turn, and end the turn.

        Nothing is planned while a step is computed, so blocks that are freed meanwhile are not given away.
        """
        try:
            with self._changed:
                shares = self._scheduler.plan()
            if shares:
                logits = self._runner.step([share.chunk for share in shares])
                with self._changed:
                    for share in shares:
                        self._scheduler.keep(share)
                    self._take_in(shares, logits)
        except BaseException:
            with self._changed:
                self._scheduler.recover()
            raise
        finally:
            with self._changed:
                self._driver = None
                self._changed.notify_all()
        return bool(shares)

    def _take_in(self, shares: list[Share], logits: np.ndarray) -> None:
        """Hand each sequence its rows of the logits, [R, V] float32."""
        row = 0
        for sequence, chunk in shares:
            rows = logits[row : row + chunk.num_logits]
            row += chunk.num_logits
            if sequence.is_done:  # cancelled meanwhile
                continue
            try:
                sequence.advance(chunk.past + len(chunk.ids), rows)
            except OslerError as error:
                sequence.fail(error)
            if sequence.is_done:
                self._scheduler.retire(sequence)

    def _advance(self, is_ready: Callable[[], bool]) -> None:
        """Step, or wait for the thread that does, until something is ready."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: is_ready() or self._may_drive())
                if is_ready():
                    return
                self._driver = threading.get_ident()
            if not self._drive() and not is_ready():
                raise RuntimeError("the scheduler has nothing to do, but a sequence is not done")

    def _wait_for_news(self, sequence: Sequence, num_tokens: int, prefilled: int) -> None:
        self._advance(lambda: sequence.is_done or len(sequence.tokens) > num_tokens or sequence.prefilled > prefilled)

    def _wait_for_end(self, sequence: Sequence) -> None:
        self._advance(lambda: sequence.is_done)
        if sequence.error is not None:
            raise sequence.error

    def _constraint(self, request: Request) -> Constraint | None:
        """What holds the answer to a schema or regex, if it shall be."""
        if not request.sampling.has_form or request.score_from is not None:
            return None
        if self._tokenizer is None:
            raise InputError("cannot hold a reply to a form: the engine has no tokenizer", hint="give it the model's")
        with self._building:
            if self._vocabulary is None:
                size = self._runner.config.vocabulary_size
                self._vocabulary = GrammarVocabulary(self._tokenizer, size, self._stop_ids)
        return self._vocabulary.constraint(request.sampling)

    def _max_new_tokens(self, request: Request) -> int:
        if request.score_from is not None:
            return 0
        wanted = request.sampling.max_new_tokens
        return max(1, self.context - len(request.ids)) if wanted is None else wanted

    def _check(self, request: Request) -> None:
        """Refuse what the model cannot compute, before anything is."""
        config = self._runner.config
        if not 0 <= request.adapter <= self._num_adapters:
            raise InputError(f"cannot use adapter {request.adapter}: the model was loaded with {self._num_adapters}")
        is_text = np.ones(len(request.ids), bool)
        for number, (at, image) in enumerate(request.images, start=1):
            is_text[at : at + len(image)] = False
            if image.shape[1] != config.width:
                raise InputError(
                    f"cannot place image {number}: expected vectors of {config.width} numbers, got {image.shape[1]}"
                )
        highest = max(request.ids[is_text].max(initial=0), *request.sampling.logit_bias, 0)
        if highest >= config.vocabulary_size:
            raise InputError(f"cannot use token {highest}: the model's vocabulary has {config.vocabulary_size:,}")
        if request.sampling.stop and self._tokenizer is None:
            raise InputError("cannot look for stop texts: the engine has no tokenizer", hint="use stop ids instead")
        self._check_length(len(request.ids), self._max_new_tokens(request))

    def _check_length(self, num_prompt: int, num_new: int) -> None:
        total = num_prompt + num_new
        if total <= self.context:
            return
        limit = self._runner.config.context_length
        message = (
            f"cannot fit the prompt: {num_prompt:,} tokens and {num_new:,} new ones are {total:,}, "
            f"the context holds {self.context:,} (the model's limit is {limit:,})"
        )
        if total > limit:
            raise ContextError(message, hint="shorten the prompt, send fewer images or ask for fewer new tokens")
        raise ContextError(message, hint=f"load the model with a context of {total} or more (--context {total})")
