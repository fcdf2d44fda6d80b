import importlib.util

import pytest

from osler.adapt.export.targets import TARGETS, Exported, ExportOptions, target
from osler.errors import OptionError


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_has_a_module(name):
    module, _, function = TARGETS[name].partition(":")
    assert importlib.util.find_spec(module) is not None and function


@pytest.mark.parametrize("name", ["gguf", "huggingface"])
def test_targets_are_loaded_by_name(name):
    assert callable(target(name))


def test_unknown_targets_and_types_are_refused_with_those_there_are():
    with pytest.raises(OptionError) as caught:
        target("mlx")
    assert caught.value.name == "to" and "huggingface" in caught.value.expected
    with pytest.raises(OptionError) as caught:
        ExportOptions(type="Q8_0").type_among(("F32", "F16"), "F16")
    assert caught.value.expected == "one of F32, F16 for this target"
    assert ExportOptions().type_among(("F32", "F16"), "F16") == "F16"


def test_sizes_are_those_of_the_files(tmp_path):
    (tmp_path / "a").write_bytes(bytes(3))
    (tmp_path / "b").write_bytes(bytes(4))
    assert Exported(files=(tmp_path / "a", tmp_path / "b")).size_bytes == 7
