"""Planning the cache before any work starts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osler.engine.context import CacheSize, plan_context
from osler.errors import ContextError
from osler.model.config import TextConfig

GIB = 1 << 30
MEDGEMMA_4B = TextConfig(
    num_layers=34,
    num_heads=8,
    num_kv_heads=4,
    head_width=256,
    window=1024,
    global_layers=tuple((layer + 1) % 6 == 0 for layer in range(34)),
    context_length=131_072,
)
SIZE = CacheSize(config=MEDGEMMA_4B)


def test_the_whole_context_of_medgemma_takes_as_much_as_designed():
    plan = plan_context(SIZE, wanted=131_072, free_bytes=8 * GIB)
    assert plan.total_bytes / 1e9 == pytest.approx(3.2, abs=0.1)  # 5 global layers x 4 KiB a token, and local rings


def test_the_bytes_are_those_of_the_blocks():
    plan = plan_context(SIZE, wanted=4096, free_bytes=8 * GIB)
    assert (plan.global_blocks, plan.local_blocks) == (128, 65 + 2 * 33)
    assert plan.total_bytes == (128 * 5 + (65 + 2 * 33) * 29) * 32 * 4096


def test_each_further_sequence_adds_its_context_and_a_window():
    plan = plan_context(SIZE, wanted=4096, free_bytes=8 * GIB, sequences=3)
    assert (plan.global_blocks, plan.local_blocks) == (3 * 128, 65 + 2 * 34 + 2 * 33)


def test_a_wider_number_type_costs_more():
    wide = CacheSize(config=MEDGEMMA_4B, bytes_per_value=4)
    assert wide.total_bytes(4096, 1) == 2 * SIZE.total_bytes(4096, 1)


def test_more_than_the_model_holds_is_refused_with_both_numbers():
    with pytest.raises(ContextError, match=r"200,000 tokens: the model's limit is 131,072") as raised:
        plan_context(SIZE, wanted=200_000, free_bytes=None)
    assert raised.value.hint == "pass --context 131072 or less"


def test_more_than_the_memory_holds_is_refused_with_the_numbers_and_what_would_fit():
    with pytest.raises(ContextError) as raised:
        plan_context(SIZE, wanted=131_072, free_bytes=GIB)
    assert "131,072 tokens: its keys and values need 2.96 GiB, 1.00 GiB are free" in raised.value.message
    fits = int(re.search(r"--context (\d+) or less", raised.value.hint)[1])
    assert plan_context(SIZE, wanted=fits, free_bytes=GIB).context == fits
    with pytest.raises(ContextError):
        plan_context(SIZE, wanted=fits + 32, free_bytes=GIB)


def test_where_nothing_fits_the_hint_is_to_free_memory():
    with pytest.raises(ContextError, match="free some memory"):
        plan_context(SIZE, wanted=4096, free_bytes=1000)


def test_no_wish_takes_the_models_limit_if_half_the_memory_holds_it():
    assert plan_context(SIZE, wanted=None, free_bytes=16 * GIB).context == 131_072


def test_no_wish_takes_what_half_the_memory_holds():
    plan = plan_context(SIZE, wanted=None, free_bytes=2 * GIB)
    assert plan.total_bytes <= GIB < SIZE.total_bytes(plan.context + 32, 1)


def test_no_wish_on_a_full_machine_is_refused_with_the_numbers():
    with pytest.raises(ContextError, match="512 tokens"):
        plan_context(SIZE, wanted=None, free_bytes=10 << 20)


def test_unknown_memory_leaves_the_models_limit():
    assert plan_context(SIZE, wanted=None, free_bytes=None).context == 131_072


@pytest.mark.parametrize("wanted", [0, -5])
def test_a_context_of_nothing_is_refused(wanted):
    with pytest.raises(ContextError, match="expected at least 1"):
        plan_context(SIZE, wanted=wanted, free_bytes=None)


def test_a_model_without_global_layers_costs_its_windows_only():
    local = CacheSize(config=TextConfig(num_layers=2, global_layers=(False, False), window=64, context_length=4096))
    assert local.total_bytes(4096, 1) == local.total_bytes(2048, 1)


@given(num_bytes=st.integers(0, 4 * GIB), sequences=st.integers(1, 8))
def test_the_longest_context_fits_and_one_block_more_does_not(num_bytes, sequences):
    longest = SIZE.longest(num_bytes, sequences)
    assert longest == 0 or SIZE.total_bytes(longest, sequences) <= num_bytes
    assert longest == 131_072 or SIZE.total_bytes(longest + 32, sequences) > num_bytes
