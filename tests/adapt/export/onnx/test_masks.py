"""What the masks of the ONNX decoder let through, drawn."""

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

WHOLE = """
1 . . . . . .
1 1 1 1 . . .
1 1 1 1 . . .
1 1 1 1 . . .
1 1 1 1 1 . .
1 1 1 1 1 1 1
1 1 1 1 1 1 1
"""
LOCAL = """
1 . . . . . .
1 1 1 1 . . .
1 1 1 1 . . .
. 1 1 1 . . .
. . 1 1 1 . .
. . . 1 1 1 1
. . . . 1 1 1
"""
TYPES = [0, 1, 1, 1, 0, 1, 1]
"""An image of three tokens and one of two."""


@pytest.fixture(scope="module")
def masked(tmp_path_factory):
    """A function that gives both masks as booleans, for a window of 3."""
    from adapt.export.onnx.sessions import session

    from osler.adapt.export.onnx.graph import OnnxGraph
    from osler.adapt.export.onnx.masks import masks
    from osler.adapt.export.onnx.numbers import Numbers

    folder = tmp_path_factory.mktemp("masks")
    graph = OnnxGraph("masks", Numbers(folder, "F32"), None)
    both = masks(graph, 3)
    graph.output("whole", both.whole, ["batch", 1, "tokens", "total"])
    graph.output("local", both.local, ["batch", 1, "tokens", "total"])
    model = session(graph.save(folder, {}))

    def run(types, present):
        inputs = {"token_type_ids": np.array(types, np.int64), "attention_mask": np.array(present, np.int64)}
        return [mask[:, 0] == 0 for mask in model.run(None, inputs)]

    return run


def drawn(text: str) -> np.ndarray:
    return np.array([[mark == "1" for mark in line.split()] for line in text.strip().splitlines()])


def test_masks_are_as_drawn(masked):
    whole, local = masked([TYPES], [[1] * 7])
    assert (whole[0] == drawn(WHOLE)).all()
    assert (local[0] == drawn(LOCAL)).all()


def test_cached_tokens_are_no_part_of_a_new_image(masked):
    whole, local = masked([TYPES[4:]], [[1] * 7])
    assert (whole[0] == drawn(WHOLE)[4:]).all()
    assert (local[0] == drawn(LOCAL)[4:]).all()


def test_padding_is_seen_by_no_token(masked):
    whole, _ = masked([[0, 0, 0], [0, 0, 0]], [[0, 1, 1], [1, 1, 1]])
    assert not whole[0, 1:, 0].any()
    assert whole[1, :, 0].all()
