"""Who computes what in the next step."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from osler.engine.blocks import BlockPool, SequenceBlocks, blocks_for, local_blocks_for
from osler.engine.chunking import Cut
from osler.engine.sequence import Sequence, State
from osler.engine.step import Chunk
from osler.errors import ContextError
from osler.model.config import TextConfig

__all__ = ["Limits", "Scheduler", "Share"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much work goes into one step.

    Attributes:
        sequences: most sequences that run at once.
        prefill_tokens: most tokens of a step while nobody decodes; a bigger one computes a prompt no faster.
        mixed_tokens: most tokens of a step that some sequences spend decoding, so that they do not wait long.
        logit_rows: most positions of scored prompts that get logits in a step: 128 rows of a vocabulary of 262,208
            are 128 MiB.

    An image that alone exceeds a limit is taken all the same, in a step with no other prompt.
    """

    sequences: int = 64
    prefill_tokens: int = 1024
    mixed_tokens: int = 512
    logit_rows: int = 128

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

    First come, first served, with no overtaking. A sequence starts when the pools hold all the blocks that its
    prompt and its longest answer can need; so nothing that runs is ever put back.
    """

    def __init__(self, config: TextConfig, limits: Limits, *, global_blocks: int, local_blocks: int) -> None:
        self.limits = limits
        self.global_pool = BlockPool(global_blocks)
        self.local_pool = BlockPool(local_blocks)
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
        num_global, num_local = self._blocks_needed(sequence)
        for kind, num, pool in (("global", num_global, self.global_pool), ("local", num_local, self.local_pool)):
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

    def retire(self, sequence: Sequence) -> None:
        """Take the blocks of a sequence that is done."""
        if sequence.blocks is None or sequence not in self._running:
            return
        self._running.remove(sequence)
        blocks, sequence.blocks = sequence.blocks, None
        self.global_pool.release(blocks.global_blocks)
        self.local_pool.release(blocks.local_blocks)

    def recover(self) -> None:
        """Put the pools in order after an interruption that may have come between two lines of this class."""
        self._running = [sequence for sequence in self._running if sequence.blocks is not None]
        held = [sequence.blocks for sequence in self._running if sequence.blocks is not None]
        self.global_pool.rebuild(blocks.global_blocks for blocks in held)
        self.local_pool.rebuild(blocks.local_blocks for blocks in held)

    def _decode(self, sequence: Sequence) -> Share:
        blocks = sequence.blocks
        assert blocks is not None
        num_local = self._local_blocks_to_decode(sequence)
        if len(blocks.local_blocks) > num_local:
            blocks.slide(sequence.computed, self._window)
            self.local_pool.release(blocks.trim(num_local))
        return self._share(sequence, sequence.cut_decoding())

    def _prefills(self, budget: int) -> list[Share]:
        """Chunks of prompts: of those begun first, then of new ones, as far as the step's tokens and rows go."""
        shares: list[Share] = []
        rows = self.limits.logit_rows
        for sequence in self._prefilling():
            cut = sequence.cut(budget, rows)
            if cut.end == sequence.computed and not shares:
                cut = sequence.cut(self._image_length(sequence), rows)
            if cut.end == sequence.computed:
                break
            shares.append(self._share(sequence, cut))
            if cut.end < sequence.num_tokens:
                break
            budget -= len(shares[-1].chunk.ids)
            rows -= cut.num_logits if sequence.scores is not None else 0
        return shares

    def _prefilling(self) -> Iterator[Sequence]:
        """Sequences with prompts to compute; those in the queue are started only when their turn comes."""
        yield from [sequence for sequence in self._running if not sequence.is_decoding]
        while self._waiting and len(self._running) < self.limits.sequences:
            sequence = self._waiting[0]
            if sequence.state is State.WAITING:
                if not self._start(sequence):
                    return
                yield sequence
            if self._waiting and self._waiting[0] is sequence:
                self._waiting.popleft()

    def _start(self, sequence: Sequence) -> bool:
        """Give a sequence its blocks, if they are free."""
        num_global, num_local = self._blocks_needed(sequence)
        if not (self.global_pool.can_allocate(num_global) and self.local_pool.can_allocate(num_local)):
            return False
        self._running.append(sequence)
        sequence.start(SequenceBlocks(self.global_pool.allocate(num_global), self.local_pool.allocate(num_local)))
        return True

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
        )
        return Share(sequence, chunk)

    def _blocks_needed(self, sequence: Sequence) -> tuple[int, int]:
        """The most global and local blocks that a sequence can come to need."""
        chunk = max([self.limits.prefill_tokens, *(span.end - span.begin for span in sequence.spans)])
        # one more than the prompt: a chunk interrupted at its very end is computed again with the token it gave
        to_prefill = local_blocks_for(min(sequence.num_prompt + 1, sequence.most_tokens), self._window, chunk)
        return blocks_for(sequence.most_tokens), max(to_prefill, self._local_blocks_to_decode(sequence))

    def _local_blocks_to_decode(self, sequence: Sequence) -> int:
        return local_blocks_for(sequence.most_tokens, self._window, sequence.longest_decoding)

    @staticmethod
    def _image_length(sequence: Sequence) -> int:
        return next(span.end - span.begin for span in sequence.spans if span.begin == sequence.computed)
