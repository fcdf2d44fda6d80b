"""Who computes what in the next step."""

from collections import deque
from collections.abc import Iterator
from collections.abc import Sequence as Several
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from osler.engine.chunking import Cut
from osler.engine.holdings import Copy, Holdings
from osler.engine.sequence import Sequence, State
from osler.engine.step import Chunk
from osler.errors import ContextError
from osler.model.config import TextConfig

__all__ = ["Limits", "Scheduler", "Share"]

PROMPTS = 8
"""Most prompts among which a step is shared out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much work goes into one step.

    Attributes:
        sequences: most sequences that run at once.
        prefill_tokens: most tokens of a step while nobody decodes; a bigger one computes a prompt no faster.
        mixed_tokens: most tokens of a step that some sequences spend decoding, so that they do not wait long.
        logit_rows: most positions of scored prompts that get logits in a step: 128 rows of a vocabulary of 262,208
            are 128 MiB.
        guesses: most tokens guessed behind the one that a greedy sequence decodes alone (`osler.engine.lookup`).
        branches: whether what prompts turn out to have in common is kept beside their natural beginnings. Without, a
            prompt is cut into the same chunks whatever was asked before it, so that one that is computed alone is
            answered to the last bit alike in any order.

    An image that alone exceeds a limit is taken all the same, in a step with no other prompt.
    """

    sequences: int = 64
    prefill_tokens: int = 1024
    mixed_tokens: int = 512
    logit_rows: int = 128
    guesses: int = 0
    branches: bool = True

    def __post_init__(self) -> None:
        if min(self.sequences, self.logit_rows) < 1 or not self.sequences < self.mixed_tokens <= self.prefill_tokens:
            raise ValueError(
                f"expected 1 <= sequences < mixed_tokens <= prefill_tokens and logit_rows >= 1, got {self}"
            )


class Share(NamedTuple):
    """A sequence's part of a step."""

    sequence: Sequence
    chunk: Chunk


class Scheduler:
    """Continuous batching: every step takes the new tokens of each decoding sequence, then chunks of prompts.

    Sequences start in the order in which they came, when the pools hold all the blocks that their prompt and longest
    answer can need; so nothing that runs is ever put back. Of prompts that have started, the first that came gets at
    least half of what a step computes, and the shortest the rest: a question does not wait for somebody's CT.

    Args:
        config: the decoder's shape.
        limits: how much goes into one step.
        global_blocks, local_blocks: blocks of the cache.
        copy: copies blocks of the cache; never called while a step is computed. None where there is no cache.
    """

    def __init__(
        self, config: TextConfig, limits: Limits, *, global_blocks: int, local_blocks: int, copy: Copy | None = None
    ) -> None:
        self.limits = limits
        self.holdings = Holdings(
            window=config.window,
            prefill_tokens=limits.prefill_tokens,
            global_blocks=global_blocks,
            local_blocks=local_blocks,
            copy=copy,
            branches=limits.branches,
        )
        self._window = config.window
        self._waiting: deque[Sequence] = deque()
        self._running: list[Sequence] = []

    @property
    def num_waiting(self) -> int:
        return sum(sequence.state is State.WAITING for sequence in self._waiting)

    @property
    def num_running(self) -> int:
        return len(self._running)

    def add(self, sequence: Sequence) -> None:
        """Put a sequence at the end of the queue.

        Raises:
            ContextError: it could not run even if it were alone.
        """
        num_global, num_local = self.holdings.blocks_needed(sequence)
        pools = self.holdings.global_pool, self.holdings.local_pool
        for kind, num, pool in zip(("global", "local"), (num_global, num_local), pools, strict=True):
            if num > pool.num_blocks:
                raise ContextError(
                    f"cannot fit the prompt: its {sequence.most_tokens:,} tokens need {num:,} blocks of the {kind} "
                    f"layers' cache, which has {pool.num_blocks:,}",
                    hint="load the model with a larger context, or ask for fewer new tokens",
                )
        self._waiting.append(sequence)

    def plan(self) -> list[Share]:
        """Choose the chunks of the next step; none if there is nothing to do."""
        decoding = [sequence for sequence in self._running if sequence.is_decoding]
        shares = [self._decode(sequence) for sequence in decoding]
        budget = self.limits.mixed_tokens if decoding else self.limits.prefill_tokens
        budget -= sum(len(share.chunk.ids) for share in shares)
        return shares + (self._prefills(budget) if budget > 0 else [])

    def keep(self, share: Share) -> None:
        """Keep the beginning that a chunk which was just computed has completed, if it is worth keeping."""
        self.holdings.keep(share.sequence, share.chunk.past + len(share.chunk.ids))

    def retire(self, sequence: Sequence) -> None:
        """Take the blocks of a sequence that is done; what it computed is kept."""
        if sequence.blocks is None or sequence not in self._running:
            return
        self._running.remove(sequence)
        self.holdings.retire(sequence)

    def recover(self) -> None:
        """Put the pools in order after an interruption that may have come between two lines of this class."""
        self._running = [sequence for sequence in self._running if sequence.state is State.RUNNING and sequence.blocks]
        self.holdings.recover(self._running)

    def _decode(self, sequence: Sequence) -> Share:
        self.holdings.trim(sequence)
        is_alone = len(self._running) == 1 and not self._waiting  # beside others, more tokens take more time
        return self._share(sequence, sequence.cut_decoding(may_guess=is_alone))

    def _prefills(self, budget: int) -> list[Share]:
        """Chunks of prompts, as far as the step's tokens and rows go."""
        shares: list[Share] = []
        rows = self.limits.logit_rows
        for sequence, limit in _turns(list(islice(self._prefilling(), PROMPTS)), budget):
            cut = sequence.cut(min(limit, budget), rows)
            if cut.end == sequence.computed and not shares:
                cut = sequence.cut(self._image_length(sequence), rows)
            if cut.end == sequence.computed:
                continue
            shares.append(self._share(sequence, cut))
            budget -= len(shares[-1].chunk.ids)
            if budget <= 0:
                break
            rows -= cut.num_logits if sequence.scores is not None else 0
        return shares

    def _prefilling(self) -> Iterator[Sequence]:
        """Sequences with prompts to compute; those in the queue are started only when their turn comes."""
        yield from [sequence for sequence in self._running if not sequence.is_decoding]
        while self._waiting and len(self._running) < self.limits.sequences:
            sequence = self._waiting[0]
            if sequence.state is State.WAITING:
                if self._is_being_computed(sequence) or not self._start(sequence):
                    return
                yield sequence
            if self._waiting and self._waiting[0] is sequence:
                self._waiting.popleft()

    def _is_being_computed(self, sequence: Sequence) -> bool:
        """Whether another sequence is about to complete a beginning from which this one can start."""
        return any(
            other.computed < end <= sequence.most_cached
            and other.beginning(end).common(sequence.request, sequence.prompt_ids) == end
            for other in self._running
            for end in other.boundaries
        )

    def _start(self, sequence: Sequence) -> bool:
        """Let a sequence run, if there are blocks for it.

        Rather than lose its beginning it waits for others to end; where there are none, it starts from nothing.
        """
        is_alone = not self._running
        self._running.append(sequence)  # first, so that an interruption in between cannot lose it
        if not self.holdings.start(sequence, only_from_prefix=not is_alone):
            self._running.remove(sequence)
        return sequence.blocks is not None

    def _share(self, sequence: Sequence, cut: Cut) -> Share:
        assert sequence.blocks is not None
        past = sequence.computed
        sequence.blocks.slide(past, self._window)
        global_table, local_table = sequence.blocks.tables(past, cut.end - past)
        chunk = Chunk(
            ids=sequence.ids_between(past, cut.end),
            images=tuple(sequence.request.images_between(past, cut.end)),
            past=past,
            global_blocks=global_table,
            local_blocks=local_table,
            local_start=sequence.blocks.local_start,
            num_logits=cut.num_logits,
            only_best=sequence.wants_only_best,
            allowed=sequence.allowed,
            adapter=sequence.request.adapter,
        )
        return Share(sequence, chunk)

    @staticmethod
    def _image_length(sequence: Sequence) -> int:
        return next(span.end - span.begin for span in sequence.spans if span.begin == sequence.computed)


def _turns(prompts: Several[Sequence], budget: int) -> list[tuple[Sequence, int]]:
    """In which order prompts get their chunks, and at most how many tokens each.

    The first that came is served first, with all that it needs if it is also the shortest; else with half of the
    step, or with what the others leave. Those follow by what they still need.
    """
    if not prompts:
        return []
    first, *others = prompts
    others.sort(key=lambda sequence: sequence.num_pending)
    is_shortest = not others or first.num_pending <= others[0].num_pending
    share = budget if is_shortest else max(budget // 2, budget - sum(sequence.num_pending for sequence in others))
    return [(first, share), *((sequence, budget) for sequence in others)]
