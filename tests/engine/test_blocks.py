"""Pools of blocks and the tables of one sequence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.engine.blocks import BlockPool, SequenceBlocks, blocks_for, local_blocks_for, local_start_for


def test_a_pool_gives_each_block_once():
    pool = BlockPool(5)
    assert sorted([*pool.allocate(2), *pool.allocate(3)]) == [0, 1, 2, 3, 4]
    assert not pool.can_allocate(1)


def test_the_block_given_back_last_is_taken_first():
    pool = BlockPool(100)
    first = pool.allocate(3)
    pool.release(first)
    assert pool.allocate(3).tolist() == first.tolist()


def test_more_than_there_is_cannot_be_taken():
    with pytest.raises(RuntimeError, match="cannot allocate 3 blocks: 2 of 2 are free"):
        BlockPool(2).allocate(3)


def test_more_than_was_taken_cannot_be_given_back():
    pool = BlockPool(2)
    with pytest.raises(RuntimeError, match="cannot release 1 blocks"):
        pool.release(np.array([0], np.int32))


def test_a_taken_table_does_not_change_with_the_pool():
    pool = BlockPool(4)
    table = pool.allocate(2)
    pool.release(pool.allocate(2))
    assert table.tolist() == [0, 1]


def test_a_block_with_two_holders_is_free_when_both_have_given_it_back():
    pool = BlockPool(4)
    blocks = pool.allocate(2)
    pool.share(blocks[:1])
    pool.release(blocks)
    assert pool.num_free == 3
    assert pool.num_free_without([blocks[:1]]) == 4
    pool.release(blocks[:1])
    assert pool.num_free == 4


def test_a_rebuilt_pool_frees_what_no_table_holds():
    pool = BlockPool(6)
    held = pool.allocate(2)
    pool.allocate(3)
    pool.rebuild([held])
    assert pool.num_free == 4
    assert sorted([*held, *pool.allocate(4)]) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("position", "window", "start"),
    [(0, 64, 0), (63, 64, 0), (94, 64, 0), (95, 64, 32), (126, 64, 32), (127, 64, 64), (100, 48, 32), (1, 1, 0)],
)
def test_a_local_table_starts_at_the_block_of_the_first_token_in_sight(position, window, start):
    assert local_start_for(position, window) == start


@given(position=st.integers(0, 5000), window=st.integers(1, 1500))
def test_no_token_in_sight_is_given_back_and_no_whole_block_out_of_sight_kept(position, window):
    start = local_start_for(position, window)
    first_seen = max(0, position - window + 1)
    assert start % 32 == 0
    assert start <= first_seen < start + 32


@given(position=st.integers(0, 5000), window=st.integers(1, 1500), chunk=st.integers(1, 1100))
def test_the_most_local_blocks_are_enough_for_any_chunk(position, window, chunk):
    tokens = position + chunk
    assert blocks_for(tokens - local_start_for(position, window)) <= local_blocks_for(tokens, window, chunk)


def test_medgemma_needs_33_local_blocks_to_decode():
    assert local_blocks_for(131_072, 1024, 1) == 33


def table(num_global=8, num_local=4):
    return SequenceBlocks(np.arange(num_global, dtype=np.int32), np.arange(100, 100 + num_local, dtype=np.int32))


def test_tables_are_as_long_as_the_tokens_they_hold():
    global_blocks, local_blocks = table().tables(30, 3)
    assert global_blocks.tolist() == [0, 1]
    assert local_blocks.tolist() == [100, 101]


def test_blocks_out_of_the_window_go_behind_those_in_use():
    blocks = table(num_local=6)
    blocks.slide(120, 48)  # keys from 73 on are seen: blocks 0 and 1 (tokens 0..63) can go, 2 and 3 are in use
    assert blocks.local_start == 64
    assert blocks.local_blocks.tolist() == [102, 103, 100, 101, 104, 105]


def test_sliding_again_to_the_same_place_changes_nothing():
    blocks = table(num_local=6)
    blocks.slide(120, 48)
    blocks.slide(120, 48)
    assert blocks.local_blocks.tolist() == [102, 103, 100, 101, 104, 105]


def test_trimming_returns_what_is_no_longer_needed():
    blocks = table(num_local=6)
    assert blocks.trim(4).tolist() == [104, 105]
    assert blocks.local_blocks.tolist() == [100, 101, 102, 103]


@given(window=st.integers(1, 200), steps=st.lists(st.integers(1, 150), min_size=1, max_size=20))
def test_a_token_in_sight_stays_in_its_block_however_the_ring_turns(window, steps):
    chunk = max(steps)
    blocks = table(num_global=200, num_local=local_blocks_for(sum(steps), window, chunk))
    homes: dict[int, int] = {}
    past = 0
    for step in steps:
        blocks.slide(past, window)
        _, local = blocks.tables(past, step)
        for token in range(max(0, past - window + 1), past):
            assert local[(token - blocks.local_start) // 32] == homes[token]
        assert len(set(local.tolist())) == len(local) == blocks_for(past + step - blocks.local_start)
        for token in range(past, past + step):
            homes[token] = local[(token - blocks.local_start) // 32]
        past += step
