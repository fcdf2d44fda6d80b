"""The estimate of memory: near what is measured, and turned into a plan that fits."""

import pytest
import torch
from transformers import Gemma3ForCausalLM, Gemma3TextConfig

from osler.adapt.training.batch import Batch
from osler.adapt.training.memory import Load, Room, choose_room, estimate, trained_numbers
from osler.adapt.training.method import Method, tune_by
from osler.adapt.training.network import Network
from osler.adapt.training.precision import Precision
from osler.errors import InputError, OptionError
from osler.model.config import ModelConfig, TextConfig, VisionConfig

F32 = Precision(name="f32", reason="", device="cpu")
BF16 = Precision(name="bf16", reason="", device="cpu")
GLOBAL = tuple((number + 1) % 6 == 0 for number in range(34))
OF_4B = ModelConfig(
    text=TextConfig(width=2560, feed_forward_width=10240, num_layers=34, window=1024, global_layers=GLOBAL),
    vision=VisionConfig(),
)
SMALL = TextConfig(
    vocabulary_size=500, width=256, feed_forward_width=1024, num_layers=4, num_heads=4, num_kv_heads=2, head_width=64
)
TOKENS, BATCH = 160, 2


def kept_bytes(method, precision, recomputes):
    """What a pass of a small network keeps for the way back, weights aside."""
    shape = Gemma3TextConfig(
        vocab_size=500,
        hidden_size=256,
        intermediate_size=1024,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        query_pre_attn_scalar=64,
    )
    dtype = precision.frozen if method.has_terms else torch.float32
    network = Network(Gemma3ForCausalLM._from_config(shape, attn_implementation="sdpa", dtype=dtype))
    network.model.requires_grad_(False)
    network = tune_by(method, network, seed=0)
    network.model.train()
    if recomputes:
        network.recompute()
    weights = {weight.untyped_storage().data_ptr() for weight in network.model.parameters()}
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage
        return tensor

    ids = torch.ones(BATCH, TOKENS, dtype=torch.long)
    batch = Batch(ids=ids, mask=ids, before=ids > 0, targets=ids, images=ids < 0, squares=())
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), precision.computing():
        network.states(batch, None)
    return sum(storage.nbytes() for storage in kept.values())


@pytest.mark.parametrize("precision", [F32, BF16], ids=["f32", "bf16"])
@pytest.mark.parametrize("method", [Method(), Method(name="full")], ids=["lora", "full"])
def test_what_layers_keep_is_estimated_within_a_third(method, precision):
    load, room = Load(tokens=TOKENS, learned=1, images=0), Room(batch=BATCH, recomputes=False)
    guessed = estimate(ModelConfig(text=SMALL, vision=None), method, precision, load, room).decoder
    assert guessed == pytest.approx(kept_bytes(method, precision, recomputes=False), rel=1 / 3)


def test_recomputing_is_estimated_not_to_keep_less_than_it_does():
    load, room = Load(tokens=TOKENS, learned=1, images=0), Room(batch=BATCH, recomputes=True)
    guessed = estimate(ModelConfig(text=SMALL, vision=None), Method(), F32, load, room).decoder
    whole = estimate(ModelConfig(text=SMALL, vision=None), Method(), F32, load, Room(batch=BATCH, recomputes=False))
    measured = kept_bytes(Method(), F32, recomputes=True)
    assert measured < guessed < whole.decoder


@pytest.mark.parametrize("method", [Method(), Method(vision=True), Method(name="full")])
def test_tuned_numbers_are_those_that_get_gradients(network, checkpoint, method):
    wrapped = tune_by(method, network, seed=0)
    assert trained_numbers(checkpoint.config, method) == sum(one.numel() for one in wrapped.trained().values())


def test_4b_by_lora_needs_about_its_weights_and_some_gigabytes():
    memory = estimate(OF_4B, Method(), BF16, Load(tokens=300, learned=20, images=1), Room(batch=1, recomputes=True))
    assert memory.weights == pytest.approx(8.6e9, rel=0.1)
    assert 9e9 < memory.total < 12e9


def test_as_many_examples_at_once_as_fit_and_layers_computed_twice_only_if_need_be():
    load = Load(tokens=500, learned=20, images=1)

    def chosen(gigabytes):
        room, memory = choose_room(OF_4B, Method(), BF16, load, batch=4, free_bytes=int(gigabytes * 1e9))
        assert memory.total <= 0.9 * gigabytes * 1e9
        return room

    assert chosen(200) == Room(batch=4, recomputes=False)
    rooms = [chosen(gigabytes) for gigabytes in (80, 40, 24, 14)]
    assert rooms[-1].recomputes
    assert [room.batch for room in rooms] == sorted((room.batch for room in rooms), reverse=True)


def test_what_cannot_fit_is_refused_with_what_to_change():
    with pytest.raises(InputError, match="are free") as refused:
        choose_room(OF_4B, Method(vision=True), F32, Load(tokens=500, learned=20, images=1), batch=4, free_bytes=10**10)
    for words in ("--precision bf16", "no --vision", "shorter rows"):
        assert words in refused.value.hint


def test_a_step_is_divided_into_equal_shares():
    load = Load(tokens=100, learned=5, images=0)
    room, _ = choose_room(OF_4B, Method(), BF16, load, batch=6, free_bytes=None, processes=2)
    assert room.batch == 3
    with pytest.raises(OptionError, match="multiple of the 4 processes"):
        choose_room(OF_4B, Method(), BF16, load, batch=6, free_bytes=None, processes=4)
    with pytest.raises(OptionError, match="one of 1, 2, 3, 6"):
        choose_room(OF_4B, Method(), BF16, load, batch=6, free_bytes=None, part=4)
