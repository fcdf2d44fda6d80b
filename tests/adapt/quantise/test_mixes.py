"""The types of each file type against what llama.cpp's own program says (tests/golden/make_quantise_mixes.py)."""

import json
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest

from osler.adapt.quantise.kinds import size_bytes
from osler.adapt.quantise.mixes import DYNAMIC_BITS, MIXES, kinds_of, named_mix
from osler.errors import OptionError
from osler.model.config import ModelConfig, TextConfig
from osler.testing.shape import TinyShape
from osler.weights.catalogue import BUILDS, QUANTISATIONS_OF_MEDGEMMA_1_5_GB
from osler.weights.gguf_names import text_names
from osler.weights.names import expected_shapes, is_text_matrix

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "quantise_mixes.json").read_text(encoding="utf-8"))

HEADER_BYTES = 8_000_000
"""What a vocabulary of 262,144 tokens takes."""


def config_of(shape: TinyShape, *, tied: bool = True) -> TextConfig:
    return TextConfig(
        vocabulary_size=shape.vocabulary_size - 1,
        width=shape.width,
        feed_forward_width=shape.feed_forward_width,
        num_layers=shape.layers,
        num_heads=shape.heads,
        num_kv_heads=shape.kv_heads,
        head_width=shape.head_width,
        global_layers=tuple((layer + 1) % 6 == 0 for layer in range(shape.layers)),
        tied_output=tied,
    )


def summed_up(config: TextConfig, mix: str, *, has_importance: bool) -> dict[str, str]:
    shapes = expected_shapes(ModelConfig(text=config, vision=None))
    kinds = kinds_of(MIXES[mix], config, shapes, has_importance=has_importance)
    tensors = text_names(config.num_layers)
    sorts: dict[str, dict[int, str]] = {}
    for name, kind in kinds.items():
        parts = tensors[name].removesuffix(".weight").split(".")
        layer, sort = (int(parts[1]), parts[2]) if parts[0] == "blk" else (0, parts[0])
        sorts.setdefault(sort, {})[layer] = kind
    return {
        sort: " ".join(f"{len(list(group))}×{one}" for one, group in groupby(layers[n] for n in sorted(layers)))
        for sort, layers in sorts.items()
    }


@pytest.mark.parametrize("shape", GOLDEN["shapes"])
def test_every_matrix_gets_the_type_that_llama_cpp_gives_it(shape):
    config = config_of(TinyShape(**GOLDEN["shapes"][shape]))
    cases = {key: types for key, types in GOLDEN["types"].items() if key.startswith(shape)}
    assert len(cases) > 50
    for key, types in cases.items():
        _, mix, given = key.split(", ")
        assert summed_up(config, mix, has_importance=given.startswith("with ")) == types, key


def test_every_published_type_has_a_mix_or_a_size():
    published = {build.quantisation for build in BUILDS if build.format == "GGUF"}
    assert published <= MIXES.keys() | DYNAMIC_BITS.keys()


def test_sizes_of_a_4b_model_are_those_that_are_published():
    shape = TinyShape(layers=34, width=2560, feed_forward_width=10240, heads=8, kv_heads=4, head_width=256)
    config = replace(config_of(shape), vocabulary_size=262_144)
    shapes = expected_shapes(ModelConfig(text=config, vision=None))
    matrices = {name: one for name, one in shapes.items() if is_text_matrix(name)}
    for name, published_gb in QUANTISATIONS_OF_MEDGEMMA_1_5_GB.items():
        if name in MIXES:
            kinds = kinds_of(MIXES[name], config, shapes, has_importance=True)
            size = sum(size_bytes(kind, shapes[matrix]) for matrix, kind in kinds.items())
        else:
            size = DYNAMIC_BITS[name] / 8 * sum(rows * columns for rows, columns in matrices.values())
        assert abs((size + HEADER_BYTES) / 1e9 - published_gb) < 0.06, name


def test_an_embedding_that_is_not_the_output_gets_a_type_of_its_own():
    config = config_of(TinyShape(**GOLDEN["shapes"]["as 4B"]), tied=False)
    found = summed_up(config, "IQ2_M", has_importance=True)
    assert (found["token_embd"], found["output"]) == ("1×IQ3_S", "1×Q5_K")


def test_an_unknown_type_names_its_neighbours():
    with pytest.raises(OptionError, match="there is no such type") as caught:
        named_mix("Q4KM")
    assert "Q4_K_M" in caught.value.expected
