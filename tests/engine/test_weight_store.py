"""Decoded weights on disk."""

import json
import os

import numpy as np
import pytest

from osler.engine.stacked_weights import StackedWeights
from osler.engine.weight_store import KEPT, WeightStore, open_store
from osler.model.matrix import DenseMatrix, GroupedMatrix

NAMES = ("query", "key", "value")


class FewMatrices:
    """Two 4-bit matrices of one form, one of another, and a count of how often they were asked for."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self.num_reads = 0

        def four_bits(rows: int) -> GroupedMatrix:
            return GroupedMatrix(
                codes=random.integers(0, 256, (rows, 32), dtype=np.uint8),
                bits=4,
                scale=random.random((rows, 2), np.float32),
                offset=random.random((rows, 2), np.float32),
                group=32,
            )

        dense = DenseMatrix(values=random.random((5, 64), np.float32), kind="f32")
        self.matrices = {"query": four_bits(3), "key": four_bits(4), "value": dense}

    def matrix(self, name: str) -> GroupedMatrix | DenseMatrix:
        self.num_reads += 1
        return self.matrices[name]

    def vector(self, name: str) -> np.ndarray:
        raise AssertionError(name)

    def embedding_rows(self, ids: np.ndarray) -> np.ndarray:
        raise AssertionError(ids)

    def release(self) -> None:
        pass


def whole(stacks):
    return {name: stack.matrix.dequantised() for stack in stacks for name in [stack.names]}


def test_matrices_of_one_form_are_stacked_and_dense_ones_stand_alone():
    source = FewMatrices()
    stacks = StackedWeights(source, is_narrow=False).stacks(NAMES)
    assert [stack.names for stack in stacks] == [("query", "key"), ("value",)]
    assert stacks[0].heights == (3, 4)
    expected = np.concatenate([source.matrices["query"].dequantised(), source.matrices["key"].dequantised()])
    np.testing.assert_array_equal(stacks[0].matrix.dequantised(), expected)


def test_a_finished_store_gives_the_same_numbers_without_decoding(tmp_path):
    source = FewMatrices()
    written = StackedWeights(source, is_narrow=False, store=WeightStore(tmp_path, "model"))
    expected = whole(written.stacks(NAMES))
    written.finish()
    source.num_reads = 0
    read = StackedWeights(source, is_narrow=False, store=WeightStore(tmp_path, "model")).stacks(NAMES)
    assert source.num_reads == 1  # the dense one, which is mapped from its own file
    for names, values in whole(read).items():
        np.testing.assert_array_equal(values, expected[names])


def test_what_was_not_finished_is_not_believed(tmp_path):
    source = FewMatrices()
    StackedWeights(source, is_narrow=False, store=WeightStore(tmp_path, "model")).stacks(NAMES)
    assert not WeightStore(tmp_path, "model").is_complete


def test_an_abandoned_store_leaves_no_file(tmp_path):
    weights = StackedWeights(FewMatrices(), is_narrow=False, store=WeightStore(tmp_path, "model"))
    weights.stacks(NAMES)
    weights.abandon()
    assert list(tmp_path.iterdir()) == []


def test_another_checkpoint_has_another_store(tmp_path):
    weights = StackedWeights(FewMatrices(), is_narrow=False, store=WeightStore(tmp_path, "model"))
    weights.stacks(NAMES)
    weights.finish()
    assert not WeightStore(tmp_path, "other").is_complete


@pytest.mark.parametrize("damage", ["cut", "no index", "nonsense"])
def test_a_damaged_store_is_made_anew(tmp_path, damage):
    weights = StackedWeights(FewMatrices(), is_narrow=False, store=WeightStore(tmp_path, "model"))
    weights.stacks(NAMES)
    weights.finish()
    index = next(tmp_path.glob("*.json"))
    data = next(tmp_path.glob("*.weights"))
    if damage == "cut":
        data.write_bytes(data.read_bytes()[:-1])
    elif damage == "no index":
        index.unlink()
    else:
        index.write_text(json.dumps(["?"]))
    assert not WeightStore(tmp_path, "model").is_complete


def test_mapped_numbers_survive_their_release(tmp_path):
    weights = StackedWeights(FewMatrices(), is_narrow=False, store=WeightStore(tmp_path, "model"))
    stacks = weights.stacks(NAMES)
    before = whole(stacks)
    weights.finish()
    weights.release()
    for names, values in whole(stacks).items():
        np.testing.assert_array_equal(values, before[names])


def test_small_checkpoints_are_not_stored(tmp_path):
    assert open_store(tmp_path / "weights", "model", 1 << 20) is None
    assert not (tmp_path / "weights").exists()


def test_only_the_stores_used_last_are_kept(tmp_path):
    for number in range(KEPT + 2):
        weights = StackedWeights(FewMatrices(), is_narrow=False, store=WeightStore(tmp_path, f"model{number}"))
        weights.stacks(NAMES)
        os.utime(weights._store._partial, (number, number))
        weights.finish()
    left = {path.name.split("-")[0] for path in tmp_path.iterdir()}
    assert left == {f"model{number}" for number in range(2, KEPT + 2)}


def test_dense_matrices_are_narrowed_once_and_stored(tmp_path):
    source = FewMatrices()
    weights = StackedWeights(source, is_narrow=True, store=WeightStore(tmp_path, "model"))
    expected = source.matrices["value"].narrowed().dequantised()
    weights.stacks(NAMES)
    weights.finish()
    source.num_reads = 0
    stacks = StackedWeights(source, is_narrow=True, store=WeightStore(tmp_path, "model")).stacks(NAMES)
    assert source.num_reads == 0
    np.testing.assert_array_equal(stacks[1].matrix.dequantised(), expected)


def test_narrowing_rounds_to_the_nearest_and_of_two_to_the_even_one():
    values = np.array([[1.0, 1.00390625, 1.01171875, -3.14159]], np.float32)  # the middle two lie half way
    narrow = DenseMatrix(values=values, kind="f32").narrowed()
    np.testing.assert_array_equal(narrow.dequantised(), np.array([[1.0, 1.0, 1.015625, -3.140625]], np.float32))
