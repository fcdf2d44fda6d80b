"""Ctrl-C and errors in the middle of things, and several threads at once."""

import threading

import pytest

from osler.engine.blocks import BlockPool
from osler.engine.engine import Engine
from osler.engine.request import Request
from osler.engine.sampling import Sampling
from osler.engine.scheduler import Limits
from osler.testing.runners import PagedRunner, tiny_config
from osler.testing.tokens import CharacterTokenizer

TOKENIZER = CharacterTokenizer()
CONFIG = tiny_config(vocabulary_size=TOKENIZER.size)
LIMITS = Limits(sequences=4, prefill_tokens=31, mixed_tokens=17, guesses=3)
BLOCKS = 40


class Trap:
    """Raises once, when it is called for the `count`-th time."""

    def __init__(self, count, error):
        self.count, self.error = count, error

    def spring(self):
        self.count -= 1
        if self.count == 0:
            raise self.error


class TrappedRunner(PagedRunner):
    """Is interrupted after a step has been computed, as Ctrl-C is noticed after a call into compiled code."""

    trap = Trap(0, KeyboardInterrupt())

    def step(self, chunks):
        logits = super().step(chunks)
        self.trap.spring()
        return logits


class TrappedTokenizer(CharacterTokenizer):
    """Is interrupted while a token that was just chosen is taken in."""

    trap = Trap(0, KeyboardInterrupt())

    def piece(self, token):
        self.trap.spring()
        return super().piece(token)


def make(runner_trap=None, tokenizer_trap=None):
    runner = TrappedRunner(CONFIG, global_blocks=BLOCKS, local_blocks=BLOCKS)
    tokenizer = TrappedTokenizer()
    runner.trap = runner_trap or runner.trap
    tokenizer.trap = tokenizer_trap or tokenizer.trap
    return Engine(runner, stop_ids=[], global_blocks=BLOCKS, local_blocks=BLOCKS, tokenizer=tokenizer, limits=LIMITS)


def request(number):
    ids = [(number * 7 + place * 13) % CONFIG.vocabulary_size for place in range(20 + 10 * number)]
    return Request(ids=ids, sampling=Sampling(max_new_tokens=15, temperature=0.8, seed=number))


def free_blocks(engine):
    """Blocks that are free when nothing is kept any more."""
    engine.forget()
    return engine._scheduler.holdings.global_pool.num_free, engine._scheduler.holdings.local_pool.num_free


ALONE = [make().run([request(number)])[0].token_ids for number in range(6)]


@pytest.mark.parametrize("count", [1, 2, 4, 9])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("the device is gone")])
def test_an_interrupted_run_leaves_the_engine_usable(count, error):
    engine = make(Trap(count, error))
    with pytest.raises(type(error)):
        engine.run([request(number) for number in range(3)])
    assert free_blocks(engine) == (BLOCKS, BLOCKS)
    assert [sequence.token_ids for sequence in engine.run([request(0), request(1)])] == ALONE[:2]


@pytest.mark.parametrize("count", [1, 2, 7, 20])
def test_a_run_interrupted_between_two_tokens_of_a_step_leaves_the_engine_usable(count):
    engine = make(tokenizer_trap=Trap(count, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        engine.run([request(number) for number in range(3)])
    assert free_blocks(engine) == (BLOCKS, BLOCKS)
    assert [sequence.token_ids for sequence in engine.run([request(0), request(1)])] == ALONE[:2]


class TrappedPool(BlockPool):
    """Is interrupted after a change, before anybody noted it."""

    trap = Trap(0, KeyboardInterrupt())

    def allocate(self, num):
        blocks = super().allocate(num)
        self.trap.spring()
        return blocks

    def release(self, blocks):
        self.trap.spring()
        super().release(blocks)


@pytest.mark.parametrize("kind", ["global_pool", "local_pool"])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_an_interruption_while_blocks_change_hands_loses_none(kind, count):
    engine = make()
    pool = TrappedPool(BLOCKS)
    pool.trap = Trap(count, KeyboardInterrupt())
    setattr(engine._scheduler.holdings, kind, pool)
    kept = [engine.add(request(3)), engine.add(request(5))]
    with pytest.raises(KeyboardInterrupt):
        while engine.step():
            pass
    assert [tuple(token.id for token in engine.follow(sequence)) for sequence in kept] == [ALONE[3], ALONE[5]]
    assert free_blocks(engine) == (BLOCKS, BLOCKS)


@pytest.mark.parametrize("count", [1, 3, 8])
def test_a_sequence_beside_an_interrupted_one_goes_on_unchanged(count):
    engine = make(Trap(count, KeyboardInterrupt()))
    kept = engine.add(request(1))
    with pytest.raises(KeyboardInterrupt):
        engine.run([request(2)])
    assert tuple(token.id for token in engine.follow(kept)) == ALONE[1]
    assert free_blocks(engine) == (BLOCKS, BLOCKS)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_token_whose_taking_in_was_interrupted_is_computed_again(count):
    greedy = Request(ids=request(1).ids, sampling=Sampling(max_new_tokens=15))
    expected = make().run([greedy])[0].token_ids
    engine = make(tokenizer_trap=Trap(count, KeyboardInterrupt()))
    kept = engine.add(greedy)
    with pytest.raises(KeyboardInterrupt):
        engine.run([request(2)])
    assert tuple(token.id for token in engine.follow(kept)) == expected


def test_an_interruption_with_a_turn_taken_but_not_used_does_not_lock_others_out():
    engine = make()
    sequence = engine.add(request(1))
    engine._driver = threading.get_ident()  # as if interrupted right after taking the turn
    engine.cancel(sequence)
    given = []
    thread = threading.Thread(target=lambda: given.extend(engine.stream(request(0))), daemon=True)
    thread.start()
    thread.join(20)
    assert tuple(token.id for token in given) == ALONE[0]


def in_threads(count, work):
    """Run work(0), work(1), … in threads of their own; every one must come back."""
    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


def test_streams_in_several_threads_answer_as_alone():
    engine, given = make(), {}

    def work(number):
        given[number] = tuple(token.id for token in engine.stream(request(number)))

    in_threads(6, work)
    assert [given[number] for number in range(6)] == ALONE
    assert free_blocks(engine) == (BLOCKS, BLOCKS)


def test_threads_share_steps():
    engine = make()
    ready = threading.Barrier(4)

    def work(number):
        sequence = engine.add(request(number))
        ready.wait(10)
        list(engine.follow(sequence))

    in_threads(4, work)
    assert max(len(chunks) for chunks in engine._runner.chunks) == 4


def test_a_thread_that_leaves_early_does_not_hold_up_the_others():
    engine, given = make(), {}

    def work(number):
        stream = engine.stream(request(number))
        given[number] = tuple(token.id for token, _ in zip(stream, range(3 if number % 2 else 99), strict=False))
        stream.close()

    in_threads(6, work)
    assert [given[number] for number in (0, 2, 4)] == [ALONE[number] for number in (0, 2, 4)]
    assert [given[number] for number in (1, 3, 5)] == [ALONE[number][:3] for number in (1, 3, 5)]
    assert free_blocks(engine) == (BLOCKS, BLOCKS)


def test_an_error_in_one_thread_is_not_the_end_for_the_others():
    engine, given = make(Trap(5, RuntimeError("once"))), {}

    def work(number):
        try:
            given[number] = tuple(token.id for token in engine.stream(request(number)))
        except RuntimeError:
            given[number] = None

    in_threads(4, work)
    assert list(given.values()).count(None) == 1
    assert all(given[number] in (None, ALONE[number]) for number in range(4))
    assert free_blocks(engine) == (BLOCKS, BLOCKS)


class Gate:
    """Keeps a step from ending until it may."""

    def __init__(self):
        self.computing, self.may_go_on = threading.Event(), threading.Event()

    def spring(self):
        self.computing.set()
        assert self.may_go_on.wait(20)


def stepping(engine):
    """A thread that computes one step of the engine, which is under way when this returns."""
    thread = threading.Thread(target=engine.step, daemon=True)
    thread.start()
    assert engine._runner.trap.computing.wait(20)
    return thread


def test_a_waiting_thread_takes_over_when_the_one_that_stepped_stops():
    engine = make(Gate())
    sequence, given = engine.add(request(0)), []
    driver = stepping(engine)
    follower = threading.Thread(target=lambda: given.extend(engine.follow(sequence)), daemon=True)
    follower.start()
    follower.join(0.2)  # by now it waits
    engine._runner.trap.may_go_on.set()
    driver.join(20)
    follower.join(20)
    assert tuple(token.id for token in given) == ALONE[0]


def test_adding_and_cancelling_do_not_wait_for_a_step():
    engine = make(Gate())
    first = engine.add(request(0))
    driver = stepping(engine)
    second = engine.add(request(1))
    engine.cancel(first)
    engine._runner.trap.may_go_on.set()
    driver.join(20)
    assert first.finish_reason == "cancelled"
    assert first.tokens == []
    assert tuple(token.id for token in engine.follow(second)) == ALONE[1]
