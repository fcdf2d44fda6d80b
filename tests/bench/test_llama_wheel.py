"""llama.cpp by the wheel xllamacpp, where it is installed: the real one, on a tiny model."""

import pytest

from osler.bench.llama_wheel import LlamaWheel, Settings
from osler.bench.side import Job
from osler.errors import OslerError

pytest.importorskip("xllamacpp")


@pytest.fixture
def wheel(tiny):
    return LlamaWheel(settings=Settings(model=str(tiny / "tiny.gguf"), projector=None, threads=1, context=4096))


@pytest.mark.parametrize(
    ("phase", "names"),
    [
        ("prefill", {"prefill_256_tok_s", "prefill_1024_tok_s"}),
        ("decode", {"decode_tok_s"}),
        ("streams", {"streams_tok_s"}),
        ("start", {"start_s"}),
    ],
)
def test_each_phase_gives_its_figures(wheel, phase, names):
    figures = wheel.measure(Job(phase=phase, image=None, warm_up_image=None))
    assert set(figures) == names
    assert all(value > 0 for value in figures.values())


def test_what_it_refuses_is_told(tiny, tmp_path):
    wheel = LlamaWheel(settings=Settings(model=str(tiny / "tiny.gguf"), projector=None, threads=1, context=512))
    with pytest.raises(OslerError):
        wheel.measure(Job(phase="prefill", image=None, warm_up_image=None))
