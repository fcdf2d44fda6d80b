"""The smaller parts: numbers and devices, classes, kept images and examples, curves, rates."""

import numpy as np
import pytest
import torch
from adapt.training.small_examples import SmallExample, example, square

from osler.adapt.training.curves import draw_curves
from osler.adapt.training.kept_images import KeptImages
from osler.adapt.training.method import Method, default_rate
from osler.adapt.training.precision import choose_device, choose_precision
from osler.adapt.training.prepared import PreparedExamples
from osler.adapt.training.validation import classes_among
from osler.errors import InputError, OptionError


def answering(*tokens):
    ids = np.array([2, 5, *tokens], np.int32)
    return SmallExample(ids, np.array([False, False] + [True] * len(tokens)))


def test_classes_are_told_by_their_first_tokens():
    examples = [answering(7, 9), answering(8, 9), answering(7, 9)]
    assert classes_among(examples, ["a", "b", "a"]).first == {"a": 7, "b": 8}


@pytest.mark.parametrize("labels", [["a", None, "a"], ["a", "a", "a"], ["a", "b", "c"]])
def test_there_are_no_classes_where_answers_are_free_or_one_or_begin_alike(labels):
    assert classes_among([answering(7, 9), answering(8, 9), answering(7, 3)], labels) is None


def test_small_models_are_computed_exactly_and_what_is_asked_for_is_done():
    assert choose_precision("auto", "cpu", 6_000_000).name == "f32"
    assert choose_precision("bf16", "cpu", 6_000_000).reason == "asked for"


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(OptionError, match="expected cpu"):
        choose_device("npu")


def test_narrower_models_take_higher_rates_and_whole_ones_lower():
    assert default_rate(Method(), 2560) == 2e-4
    assert default_rate(Method(), 640) == 8e-4
    assert default_rate(Method(name="full"), 2560) == 1e-5


def test_images_beyond_the_bound_go_to_the_disk_and_come_back_the_same(tmp_path):
    def compute(squares):
        return torch.from_numpy(squares[0][:2, :2].astype(np.float32))[None]

    kept = KeptImages(compute, tmp_path, key="k", most_bytes=60)
    squares = [square(number) for number in range(4)]
    names = [kept.name_of(one) for one in squares]
    assert torch.equal(kept.of(names), torch.cat([compute([one]) for one in squares]))
    again = KeptImages(compute, tmp_path, key="k", most_bytes=60)
    again.of(squares)
    assert (kept.num_computed, again.num_computed) == (4, 0)
    other = KeptImages(compute, tmp_path, key="other weights", most_bytes=60)
    other.of(squares)
    assert other.num_computed == 4


def test_a_kept_image_that_was_damaged_is_told_and_made_again_by_the_next_run(tmp_path):
    kept = KeptImages(lambda squares: torch.ones(1, 2, 2), tmp_path, key="k", most_bytes=0)
    name, _ = kept.name_of(square(0)), kept.name_of(square(1))
    (tmp_path / f"{name}.pt").write_bytes(b"")
    with pytest.raises(InputError, match="which this training wrote") as refused:
        KeptImages(lambda squares: torch.ones(1, 2, 2), tmp_path, key="k", most_bytes=0).of([name])
    assert name in refused.value.message
    assert not (tmp_path / f"{name}.pt").exists()


def test_examples_are_made_once_while_they_fit_and_hold_names_instead_of_images():
    made = []

    class Source(list):
        def __getitem__(self, index):
            made.append(index)
            return super().__getitem__(index)

    source = Source([example(1, seed=number) for number in range(3)])
    roomy = PreparedExamples(source, most_bytes=1 << 20, name_of=lambda square: "kept")
    assert [roomy[number].squares for number in (0, 1, 2, 0, 1)] == [("kept",)] * 5
    assert made == [0, 1, 2]
    narrow = PreparedExamples(source, most_bytes=100)
    _ = narrow[0], narrow[1], narrow[0]
    assert made[3:] == [0, 1, 0]


def test_curves_are_a_picture_with_or_without_evaluations():
    steps = [{"step": number, "loss": 1 / number} for number in range(1, 9)]
    evaluations = [{"step": number, "evaluation": {"validation_loss": 0.5, "accuracy": 0.9}} for number in (0, 8)]
    plain, whole = draw_curves(steps), draw_curves(steps + evaluations)
    assert plain.startswith(b"\x89PNG")
    assert len(whole) > len(plain)
