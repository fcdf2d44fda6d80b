"""Blocks of cached keys and values: the pools, and the tables of one sequence."""

from collections.abc import Iterable

import numpy as np

from osler.engine.step import BLOCK

__all__ = ["BlockPool", "SequenceBlocks", "blocks_for", "local_blocks_for", "local_start_for"]


def blocks_for(tokens: int) -> int:
    """Blocks that hold so many tokens.

    >>> blocks_for(32), blocks_for(33)
    (1, 2)
    """
    return -(-tokens // BLOCK)


def local_start_for(position: int, window: int) -> int:
    """First token that a local layer keeps when the next query stands at `position`: it sees keys > position - window.

    A multiple of BLOCK, because only whole blocks are given back::

        window 48, position 100: keys 53..100 are seen
        block      0 (0..31)   1 (32..63)   2 (64..95)   3 (96..127)
                   given back  kept
    """
    return max(0, position - window + 1) // BLOCK * BLOCK


def local_blocks_for(tokens: int, window: int, chunk: int) -> int:
    """Most blocks a local layer needs at once for a sequence of `tokens` computed in chunks of up to `chunk`.

    Before its first query a chunk keeps up to window - 1 tokens, and up to BLOCK - 1 more that share their block.
    """
    return blocks_for(min(tokens, window - 1 + BLOCK - 1 + chunk))


class BlockPool:
    """The blocks of one kind of layer. Last given back, first taken, so that few pages of memory are ever touched.

    A block may have several holders; it is free when the last of them has given it back.
    """

    def __init__(self, num_blocks: int) -> None:
        self.num_blocks = num_blocks
        self._free = np.arange(num_blocks, dtype=np.int32)[::-1].copy()  # a stack: its top is at `num_free` - 1
        self.num_free = num_blocks
        self._holders = np.zeros(num_blocks, np.int32)

    def can_allocate(self, num: int) -> bool:
        return num <= self.num_free

    def allocate(self, num: int) -> np.ndarray:
        """[num] int32, the block last given back first. The caller has asked `can_allocate`."""
        if not self.can_allocate(num):
            raise RuntimeError(f"cannot allocate {num} blocks: {self.num_free} of {self.num_blocks} are free")
        self.num_free -= num
        blocks = self._free[self.num_free : self.num_free + num][::-1].copy()
        self._holders[blocks] = 1
        return blocks

    def share(self, blocks: np.ndarray) -> None:
        """Add a holder to blocks that are taken already."""
        self._holders[blocks] += 1

    def release(self, blocks: np.ndarray) -> None:
        """Give blocks back; the first of those that have no other holder will be the first to be taken again."""
        if (self._holders[blocks] < 1).any():
            raise RuntimeError(f"cannot release {len(blocks)} blocks: more than were taken")
        self._holders[blocks] -= 1
        self._push(blocks[self._holders[blocks] == 0])

    def num_free_without(self, tables: Iterable[np.ndarray]) -> int:
        """How many blocks would be free if these tables were given back."""
        holders = self._holders.copy()
        for blocks in tables:
            holders[blocks] -= 1
        return int((holders == 0).sum())

    def rebuild(self, held: Iterable[np.ndarray]) -> None:
        """Make every block free that no table in `held` names: the way out of a half-done change."""
        self._holders[:] = 0
        for blocks in held:
            self._holders[blocks] += 1
        self.num_free = 0
        self._push(np.flatnonzero(self._holders == 0))

    def _push(self, blocks: np.ndarray) -> None:
        self._free[self.num_free : self.num_free + len(blocks)] = blocks[::-1]
        self.num_free += len(blocks)


class SequenceBlocks:
    """The blocks one sequence holds, all taken when it is admitted, so that it never has to wait for one later.

    Local blocks run in a ring: those whose tokens have all left the window move behind the ones in use.
    Once the prompt is computed, the ring shrinks to what single tokens need.

    Attributes:
        global_blocks: [blocks] int32, from token 0.
        local_blocks: [blocks] int32, from token `local_start`.
        local_start: first token that the local table counts, a multiple of BLOCK.
    """

    __slots__ = ("global_blocks", "local_blocks", "local_start")

    def __init__(self, global_blocks: np.ndarray, local_blocks: np.ndarray, local_start: int = 0) -> None:
        self.global_blocks = global_blocks
        self.local_blocks = local_blocks
        self.local_start = local_start

    def slide(self, position: int, window: int) -> None:
        """Let go of local tokens that a query at `position`, and any after it, cannot see."""
        start = local_start_for(position, window)
        if start == self.local_start:
            return
        used = blocks_for(position - self.local_start)
        passed = (start - self.local_start) // BLOCK
        ring = self.local_blocks
        # the blocks just left come before the spare ones: their memory has been touched already
        self.local_blocks = np.concatenate([ring[passed:used], ring[:passed], ring[used:]])
        self.local_start = start

    def trim(self, num_local: int) -> np.ndarray:
        """Cut the ring to its first `num_local` blocks and return the others, which the caller releases."""
        surplus = self.local_blocks[num_local:]
        self.local_blocks = self.local_blocks[:num_local]
        return surplus

    def kept(self, stop: int, window: int) -> tuple[np.ndarray, np.ndarray, int]:
        """What a query at `stop` can see: copies of the global and the local table, and where the local one starts."""
        start = local_start_for(stop, window)
        local = slice((start - self.local_start) // BLOCK, blocks_for(stop - self.local_start))
        return self.global_blocks[: blocks_for(stop)].copy(), self.local_blocks[local].copy(), start

    def tables(self, past: int, tokens: int) -> tuple[np.ndarray, np.ndarray]:
        """The global and the local table of a chunk, as `Chunk` describes them."""
        stop = past + tokens
        return self.global_blocks[: blocks_for(stop)], self.local_blocks[: blocks_for(stop - self.local_start)]
