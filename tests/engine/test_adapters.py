"""Each request is answered as by a model that its adapter was merged into, also beside other adapters' requests."""

import numpy as np
import pytest

from osler.engine.compilation import Compilation
from osler.engine.engine import Engine
from osler.engine.request import Request
from osler.engine.runner import OpenVinoRunner
from osler.engine.sampling import Sampling
from osler.engine.scheduler import Limits
from osler.errors import InputError
from osler.testing.runners import PagedRunner, tiny_config
from osler.testing.tiny import BLOCK_SHAPE, TinyShape, write_gguf, write_safetensors
from osler.testing.tiny_adapter import ALL_TEXT, write_adapter
from osler.weights.adapted_source import AdaptedSource
from osler.weights.adapter import open_adapter
from osler.weights.checkpoint import open_checkpoint

NUM_BLOCKS = 60
SMALL_STEPS = Limits(sequences=4, prefill_tokens=45, mixed_tokens=23, logit_rows=7)
SHAPES = {"f32": TinyShape(window=48), "Q8_0": BLOCK_SHAPE, "Q4_K": BLOCK_SHAPE}


def built(config, source, adapters=(), precision="f32"):
    return OpenVinoRunner(
        config.text,
        source,
        compilation=Compilation(precision=precision, threads=2),
        global_blocks=NUM_BLOCKS,
        local_blocks=NUM_BLOCKS,
        adapters=[adapter.terms for adapter in adapters],
    )


def engine(runner, limits=None):
    num_adapters = getattr(runner, "num_adapters", 0)
    return Engine(
        runner,
        stop_ids=[1],
        global_blocks=NUM_BLOCKS,
        local_blocks=NUM_BLOCKS,
        limits=limits,
        num_adapters=num_adapters,
    )


def request(adapter, seed=5, length=70, num_new=12):
    ids = np.random.default_rng(seed).integers(3, 300, length)
    sampling = Sampling(max_new_tokens=num_new, logprobs=True, ignore_eos=True)
    return Request(ids=ids, sampling=sampling, adapter=adapter)


def check_same(sequence, other, tolerance=1e-4):
    assert sequence.token_ids == other.token_ids
    assert sequence.logprobs == pytest.approx(other.logprobs, abs=tolerance)


@pytest.fixture(scope="module", params=["f32", "Q8_0", "Q4_K"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def checkpoint(kind, tmp_path_factory):
    root = tmp_path_factory.mktemp("base")
    if kind == "f32":
        return open_checkpoint(write_safetensors(root, shape=SHAPES[kind], kind="f32", vision=False))
    return open_checkpoint(write_gguf(root / "tiny.gguf", kind, shape=SHAPES[kind], projector=None))


@pytest.fixture(scope="module")
def adapters(kind, checkpoint, tmp_path_factory):
    """All seven matrices; two of them with another rank; the output matrix as well."""
    root, shape = tmp_path_factory.mktemp("adapters"), SHAPES[kind]
    folders = [
        write_adapter(root / "one", shape=shape, seed=1),
        write_adapter(root / "two", shape=shape, seed=2, targets=["q_proj", "down_proj"], rank=2),
        write_adapter(root / "three", shape=shape, seed=3, targets=[*ALL_TEXT, "lm_head"], rank=3),
    ]
    return [open_adapter(folder, checkpoint.config) for folder in folders]


@pytest.fixture(scope="module")
def runner(checkpoint, adapters):
    return built(checkpoint.config, checkpoint, adapters)


@pytest.fixture(scope="module")
def alone(checkpoint, adapters):
    """The answers of the base model and of each adapter merged into it, from runners without adapters."""
    sources = [checkpoint, *(AdaptedSource(checkpoint, adapter) for adapter in adapters[:2])]
    return [engine(built(checkpoint.config, source)).run([request(0)])[0] for source in sources]


def test_each_adapter_answers_as_the_merged_model_and_none_as_the_base(runner, alone):
    for adapter, expected in enumerate(alone):
        check_same(engine(runner).run([request(adapter)])[0], expected)
    assert len({sequence.logprobs for sequence in alone}) == 3


def test_several_adapters_in_one_step_answer_as_they_do_alone(runner, alone):
    asked = [request(2), request(0), request(3, seed=6), request(1), request(0, seed=7, length=5)]
    together = engine(runner, SMALL_STEPS).run(asked)
    for number, place in enumerate([1, 3, 0]):
        check_same(together[place], alone[number])
    for place in (2, 4):
        check_same(together[place], engine(runner).run([asked[place]])[0])


def test_the_output_matrix_is_adapted_where_the_adapter_says_so(runner, checkpoint, adapters):
    """Against numpy, because the base's output matrix is its embedding: no merged checkpoint can say this."""
    if checkpoint.description.startswith("GGUF"):
        pytest.skip("the head is computed alike")
    generator, config = np.random.default_rng(0), checkpoint.config.text
    hidden = generator.standard_normal((4, config.width)).astype(np.float32)
    logits = runner._head.logits(hidden, [0, 3, 1, 3]).copy()
    root = np.sqrt((hidden**2).mean(-1, keepdims=True) + config.norm_epsilon)
    normal = hidden / root * checkpoint.vector("text.norm")
    matrix = checkpoint.matrix("text.embedding").dequantised()
    expected = normal @ matrix.T
    expected[[1, 3]] += normal[[1, 3]] @ adapters[2].terms["text.output"].dense().T
    np.testing.assert_allclose(logits, expected, atol=1e-4)


def test_bfloat16_is_as_near_to_the_merged_model_as_bfloat16_is(checkpoint, adapters, alone):
    narrow = built(checkpoint.config, checkpoint, adapters[:1], precision="bf16")
    ids = [*request(1).ids, *alone[1].token_ids]
    scores = engine(narrow).score(ids, start=len(ids) - 12, adapter=1)
    assert np.abs(scores - alone[1].logprobs).mean() < 0.15
    assert np.abs(engine(narrow).score(ids, start=len(ids) - 12) - alone[1].logprobs).mean() > 0.3


def test_an_adapter_that_is_not_there_is_refused(runner):
    with pytest.raises(InputError, match="loaded with 3"):
        engine(runner).add(request(4))


class TestPrefixes:
    """With a runner that believes its block tables: what one adapter left in the cache, another never reads."""

    @staticmethod
    def make():
        config = tiny_config(window=48)
        runner = PagedRunner(config, global_blocks=NUM_BLOCKS, local_blocks=NUM_BLOCKS)
        limits = Limits(sequences=4, prefill_tokens=64, mixed_tokens=32)
        return Engine(
            runner, stop_ids=[1], global_blocks=NUM_BLOCKS, local_blocks=NUM_BLOCKS, limits=limits, num_adapters=2
        )

    @staticmethod
    def asked(adapter):
        """90 tokens with an image before the last ten, behind which a beginning is kept."""
        rng = np.random.default_rng(3)
        images = ((60, rng.standard_normal((20, 16)).astype(np.float32)),)
        sampling = Sampling(max_new_tokens=6, logprobs=True, ignore_eos=True)
        return Request(ids=rng.integers(2, 64, 90), images=images, sampling=sampling, adapter=adapter)

    def test_a_prompt_goes_on_only_from_what_its_own_adapter_left(self):
        engine = self.make()
        cached = [engine.run([self.asked(adapter)])[0].cached for adapter in (1, 2, 0, 1, 2, 0)]
        assert cached[:3] == [0, 0, 0]
        assert cached[3:] == [80, 80, 80]

    def test_answers_are_those_of_engines_of_their_own(self):
        engine = self.make()
        for adapter in (1, 2, 0, 2, 1, 0):
            (sequence,), (alone,) = engine.run([self.asked(adapter)]), self.make().run([self.asked(adapter)])
            check_same(sequence, alone, 1e-5)

    def test_a_prompt_does_not_wait_for_the_same_one_under_another_adapter(self):
        engine = self.make()
        together = engine.run([self.asked(adapter) for adapter in (1, 2, 0)])
        assert [sequence.cached for sequence in together] == [0, 0, 0]
        for adapter, sequence in zip((1, 2, 0), together, strict=True):
            check_same(sequence, self.make().run([self.asked(adapter)])[0], 1e-5)
