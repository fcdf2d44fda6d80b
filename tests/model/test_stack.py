import numpy as np

from osler.model.matrix import DenseMatrix, GroupedMatrix
from osler.model.stack import stack_grouped, stackable


def grouped(rows: int, *, bits: int = 4, group: int = 32, offset: bool = True, value: int = 1) -> GroupedMatrix:
    columns = 64
    return GroupedMatrix(
        codes=np.full((rows, columns * bits // 8), value).astype(np.uint8 if bits == 4 else np.int8),
        bits=bits,
        scale=np.full((rows, columns // group), value, np.float32),
        offset=np.full((rows, columns // group), -value, np.float32) if offset else None,
        group=group,
    )


def test_matrices_of_one_form_are_stacked_and_others_stand_alone():
    found = stackable(
        {
            "query": grouped(4),
            "dense": DenseMatrix(values=np.zeros((4, 64), np.float32), kind="f32"),
            "key": grouped(2),
            "other dense": DenseMatrix(values=np.zeros((4, 64), np.float32), kind="f32"),
            "bits": grouped(2, bits=8),
            "group": grouped(2, group=16),
            "no offset": grouped(2, offset=False),
            "value": grouped(3),
        }
    )
    assert found == [["query", "key", "value"], ["dense"], ["other dense"], ["bits"], ["group"], ["no offset"]]


def test_a_stack_has_the_rows_in_order():
    parts = [grouped(2, value=1), grouped(3, value=2), grouped(1, value=3)]
    whole = stack_grouped(parts)
    assert whole.shape == (6, 64)
    assert np.array_equal(whole.dequantised(), np.concatenate([part.dequantised() for part in parts]))


def test_one_matrix_alone_is_not_copied():
    alone = grouped(2)
    assert stack_grouped([alone]) is alone
