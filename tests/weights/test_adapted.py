import numpy as np
import pytest

from osler.errors import WeightsError
from osler.testing.tiny import write_gguf, write_safetensors
from osler.testing.tiny_adapter import ALL_TOWER, write_adapter
from osler.weights.adapted import AdaptedCheckpoint
from osler.weights.adapter import Adapter, LowRank, open_adapter
from osler.weights.checkpoint import open_checkpoint

QUERY = "text.layers.3.query"


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return open_checkpoint(write_safetensors(tmp_path_factory.mktemp("base"), kind="f32"))


def adapted(base, folder, **options) -> AdaptedCheckpoint:
    return AdaptedCheckpoint(base, open_adapter(write_adapter(folder, **options), base.config))


def test_a_merged_matrix_is_the_base_and_the_product_of_the_factors(base, tmp_path):
    merged = adapted(base, tmp_path / "a")
    term = merged.adapter.terms[QUERY]
    expected = base.matrix(QUERY).dequantised().astype(np.float64) + term.scale * term.b.astype(np.float64) @ term.a
    assert np.abs(merged.matrix(QUERY).dequantised() - expected).max() < 1e-6
    assert np.abs(expected - base.matrix(QUERY).dequantised()).max() > 1e-2


def test_weights_that_the_adapter_leaves_alone_are_the_base_s_own(base, tmp_path):
    merged = adapted(base, tmp_path / "a", targets=("q_proj",))
    assert merged.changed == {f"text.layers.{layer}.query" for layer in range(7)}
    assert np.shares_memory(merged.matrix("text.layers.3.key").values, base.matrix("text.layers.3.key").values)
    assert np.array_equal(merged.vector("text.norm"), base.vector("text.norm"))


def test_a_bfloat16_base_is_rounded_once_to_the_nearest(tmp_path):
    base = open_checkpoint(write_safetensors(tmp_path / "base"))
    merged = adapted(base, tmp_path / "a")
    matrix = merged.matrix(QUERY)
    exact = base.matrix(QUERY).dequantised() + merged.adapter.terms[QUERY].dense()
    assert matrix.kind == "bf16"
    assert (np.abs(matrix.dequantised() - exact) <= np.abs(exact) * 2.0**-8).all()
    assert not np.array_equal(matrix.dequantised(), exact)


def test_unrounded_weights_are_those_before_rounding(tmp_path):
    base = open_checkpoint(write_safetensors(tmp_path / "base"))
    merged = adapted(base, tmp_path / "a")
    exact = base.matrix(QUERY).dequantised() + merged.adapter.terms[QUERY].dense()
    assert np.array_equal(merged.unrounded().matrix(QUERY).dequantised(), exact)
    assert merged.unrounded().matrix("text.embedding").kind == "bf16"


def test_a_quantised_base_stays_in_float32(tmp_path):
    base = open_checkpoint(write_gguf(tmp_path / "m" / "m.gguf", "Q8_0"))
    from osler.testing.tiny import BLOCK_SHAPE

    merged = adapted(base, tmp_path / "a", shape=BLOCK_SHAPE)
    exact = base.matrix(QUERY).dequantised() + merged.adapter.terms[QUERY].dense()
    assert merged.matrix(QUERY).kind == "f32"
    assert np.array_equal(merged.matrix(QUERY).dequantised(), exact)


def test_a_tuned_projector_and_tower_take_their_places(base, tmp_path):
    merged = adapted(base, tmp_path / "a", targets=ALL_TOWER, projector=True)
    assert np.array_equal(merged.matrix("projector.weight").dequantised(), merged.adapter.replaced["projector.weight"])
    assert np.array_equal(merged.vector("projector.norm"), merged.adapter.replaced["projector.norm"])
    name = "vision.layers.1.down.weight"
    moved = merged.matrix(name).dequantised() - base.matrix(name).dequantised()
    assert np.allclose(moved, merged.adapter.terms[name].dense(), atol=1e-6)


def test_an_adapted_output_of_a_tied_model_becomes_a_matrix_of_its_own(base, tmp_path):
    merged = adapted(base, tmp_path / "a", targets=("lm_head",))
    assert base.config.text.tied_output and not merged.config.text.tied_output
    assert merged.names() - base.names() == {"text.output"}
    moved = merged.matrix("text.output").dequantised() - merged.matrix("text.embedding").dequantised()
    assert np.allclose(moved, merged.adapter.terms["text.output"].dense(), atol=1e-6)
    assert np.array_equal(merged.embedding_rows([5, 6]), base.embedding_rows([5, 6]))


def test_the_identity_tells_base_and_adapter(base, tmp_path):
    one, two = adapted(base, tmp_path / "a"), adapted(base, tmp_path / "b", seed=1)
    assert len({base.identity, one.identity, two.identity}) == 3
    assert one.identity == adapted(base, tmp_path / "a").identity


def test_an_adapter_of_other_weights_is_refused(base, tmp_path):
    term = LowRank(a=np.zeros((1, 4), np.float32), b=np.zeros((4, 1), np.float32), scale=1.0)
    stranger = Adapter(path=tmp_path, name="stranger", terms={"text.layers.99.query": term}, replaced={})
    with pytest.raises(WeightsError, match=r"text\.layers\.99\.query"):
        AdaptedCheckpoint(base, stranger)


def test_float16_that_cannot_hold_a_merged_weight_is_refused(tmp_path):
    base = open_checkpoint(write_safetensors(tmp_path / "base", kind="f16"))
    a, b = np.full((1, 128), 300, np.float32), np.full((128, 1), 300, np.float32)
    large = Adapter(path=tmp_path, name="large", terms={QUERY: LowRank(a=a, b=b, scale=1.0)}, replaced={})
    with pytest.raises(WeightsError, match="65,504"):
        AdaptedCheckpoint(base, large).matrix(QUERY)
