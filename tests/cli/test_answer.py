"""What is printed beside an answer."""

import pytest

from osler.cli.answer import print_costs
from osler.values import NOTICE_DEMONSTRATION, ImageRecord, Provenance, Reply, Timings, Usage


def reply(*, num_images=1, completion_tokens=64, decode_s=4.5, text="Clear.", thinking=None, finish_reason="stop"):
    image = ImageRecord(file=None, width_px=1, height_px=1, steps=(), pixels_sha256="")
    return Reply(
        text=text,
        thinking=thinking,
        finish_reason=finish_reason,
        usage=Usage(prompt_tokens=272, image_tokens=256, completion_tokens=completion_tokens),
        timings=Timings(image_s=7.9, prefill_s=2.0, decode_s=decode_s, first_token_s=9.9, total_s=14.4),
        provenance=Provenance(
            model="", weights_id="", precision="", images=(image,) * num_images, prompt="", prompt_sha256="",
            sampling={}, versions={},
        ),
        token_ids=(),
        notice=NOTICE_DEMONSTRATION,
    )  # fmt: skip


@pytest.fixture
def printed(capsys):
    """What `print_costs` writes of a reply to stderr, line by line; stdout stays empty."""

    def lines(**facts) -> list[str]:
        print_costs(reply(**facts))
        captured = capsys.readouterr()
        assert captured.out == ""
        return captured.err.splitlines()

    return lines


def test_the_costs_are_one_line_and_the_notice_comes_last(printed):
    assert printed() == [
        "1 image 7.9 s · prompt 272 tokens 2.0 s · answer 64 tokens 4.5 s (14.0 tokens/s)",
        NOTICE_DEMONSTRATION,
    ]


def test_several_images_are_counted(printed):
    assert printed(num_images=3)[0].startswith("3 images 7.9 s · ")


def test_an_answer_about_no_image_says_nothing_of_images(printed):
    assert printed(num_images=0)[0].startswith("prompt 272 tokens")


def test_a_single_token_has_no_speed(printed):
    assert printed(completion_tokens=1, decode_s=0.0)[0].endswith("answer 1 token 0.0 s")


def test_an_answer_that_was_cut_off_is_said_to_be(printed):
    assert printed(finish_reason="length")[1] == "cut off after 64 tokens: --max-new-tokens allows more"


def test_thoughts_without_an_answer_are_told_of(printed):
    assert "gave no answer" in printed(text="", thinking="Heart first.", finish_reason="length")[2]
