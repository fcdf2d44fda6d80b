"""The order in which two programs take turns."""

from dataclasses import dataclass

from osler.bench.schedule import plan


@dataclass
class Named:
    name: str
    phases: tuple[str, ...] = ("image", "decode", "streams")


def turns(steps):
    return [(step.phase, step.pair, step.side.name) for step in steps]


def test_the_programs_take_turns_phase_by_phase():
    steps = plan([Named("ours"), Named("theirs")], ("image", "decode"), 2)
    assert turns(steps) == [
        ("image", 0, "ours"),
        ("image", 0, "theirs"),
        ("image", 1, "ours"),
        ("image", 1, "theirs"),
        ("decode", 0, "ours"),
        ("decode", 0, "theirs"),
        ("decode", 1, "ours"),
        ("decode", 1, "theirs"),
    ]


def test_what_the_model_cannot_do_is_left_out_of_both():
    assert turns(plan([Named("ours", ("decode",)), Named("theirs")], ("image", "decode"), 1)) == [
        ("decode", 0, "ours"),
        ("decode", 0, "theirs"),
    ]


def test_what_only_the_peer_cannot_do_is_measured_alone():
    assert turns(plan([Named("ours"), Named("theirs", ())], ("image",), 2)) == [
        ("image", 0, "ours"),
        ("image", 1, "ours"),
    ]
