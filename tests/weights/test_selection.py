"""Which files of a repository are meant."""

import pytest

from osler.errors import InputError
from osler.weights.selection import select_files

PUBLISHED = [
    "README.md",
    "config.json",
    "m-Q4_K_M.gguf",
    "m-Q4_K_S.gguf",
    "m-UD-Q4_K_M.gguf",
    "m-UD-Q8_K_XL.gguf",
    "mmproj-BF16.gguf",
    "mmproj-F16.gguf",
    "mmproj-F32.gguf",
]


@pytest.mark.parametrize(
    ("wanted", "file"),
    [
        ("Q4_K_M", "m-Q4_K_M.gguf"),
        ("q4_k_s", "m-Q4_K_S.gguf"),
        ("UD-Q4_K_M", "m-UD-Q4_K_M.gguf"),
        ("Q8_K_XL", "m-UD-Q8_K_XL.gguf"),
        ("m-Q4_K_M.gguf", "m-Q4_K_M.gguf"),
    ],
)
def test_a_number_format_or_a_file_name_picks_one_file_and_the_half_precision_projector(wanted, file):
    selection = select_files(PUBLISHED, wanted, None)
    assert selection.weights == (file,)
    assert selection.projector == "mmproj-F16.gguf"
    assert not selection.is_folder


def test_the_projector_can_be_chosen_or_left_out():
    assert select_files(PUBLISHED, "Q4_K_M", "F32").projector == "mmproj-F32.gguf"
    assert select_files(PUBLISHED, "Q4_K_M", "BF16").projector == "mmproj-BF16.gguf"
    assert select_files(PUBLISHED, "Q4_K_M", "none").projector is None


def test_a_projector_that_is_not_there_is_an_error_that_lists_the_others():
    with pytest.raises(InputError) as raised:
        select_files(["m-Q4_K_M.gguf", "m.mmproj-f16.gguf"], "Q4_K_M", "F32")
    assert "m.mmproj-f16.gguf" in raised.value.hint


def test_any_projector_is_taken_where_its_name_tells_no_format():
    assert select_files(["m-Q4_K_M.gguf", "mmproj.gguf"], None, None).projector == "mmproj.gguf"


def test_a_repository_of_one_model_needs_no_choice_but_one_of_several_does():
    assert select_files(["m.gguf", "mmproj-F16.gguf"], None, None).weights == ("m.gguf",)
    with pytest.raises(InputError, match="more than one") as raised:
        select_files(PUBLISHED, None, None)
    assert "m-Q4_K_S.gguf" in raised.value.hint


def test_shards_of_one_file_belong_together_in_order():
    shards = [f"big-Q8_0-0000{i}-of-00002.gguf" for i in (2, 1)]
    assert select_files(shards, "Q8_0", None).weights == tuple(reversed(shards))


def test_a_format_that_is_not_there_is_an_error_that_lists_what_is():
    with pytest.raises(InputError) as raised:
        select_files(PUBLISHED, "Q5_K_M", None)
    assert "m-Q4_K_M.gguf" in raised.value.hint


def test_a_safetensors_folder_takes_its_tokenizer_and_licence_but_no_other_weights():
    names = ["LICENSE", "config.json", "model.safetensors", "tokenizer.model", "pytorch_model.bin", "onnx/model.json"]
    selection = select_files(names, None, None)
    assert selection.is_folder
    assert selection.weights == ("model.safetensors",)
    assert selection.names == ("LICENSE", "config.json", "tokenizer.model", "model.safetensors")
