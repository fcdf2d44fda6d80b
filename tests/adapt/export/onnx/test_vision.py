"""The image encoder as ONNX against Osler's engine in float32."""

import numpy as np


def test_image_vectors_are_the_engines(ours, exported):
    pixels = np.random.default_rng(0).uniform(-1, 1, (3, 3, 56, 56)).astype(np.float32)
    assert np.abs(exported.vectors(pixels) - ours.vectors(pixels)).max() < 1e-4


def test_scores_cut_into_pieces_give_the_same_vectors(ours, tmp_path, monkeypatch):
    from adapt.export.onnx.sessions import session

    from osler.adapt.export.onnx import parts, tower

    monkeypatch.setattr(tower, "SCORE_BYTES", 1024)  # two heads of 16 × 16 scores take 2 kB
    nodes = []
    whole = {"vision_encoder": parts.model_parts(ours.checkpoint.config)["vision_encoder"]}
    parts.write_parts(
        {"vision_encoder": lambda graph: (whole["vision_encoder"](graph), nodes.extend(graph._nodes))},
        ours.checkpoint,
        tmp_path,
        kind="F32",
        about={},
    )
    assert any(node.op_type == "Split" for node in nodes)
    pixels = np.random.default_rng(0).uniform(-1, 1, (2, 3, 56, 56)).astype(np.float32)
    found = session(tmp_path / "vision_encoder.onnx").run(None, {"pixel_values": pixels})[0]
    assert np.abs(found - ours.vectors(pixels)).max() < 1e-4
