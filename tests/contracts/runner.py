"""What every `Runner` keeps to: subclass `RunnerContract` and give it a `runner` fixture."""

import numpy as np
import pytest

from osler.engine.blocks import SequenceBlocks, blocks_for, local_blocks_for, local_start_for
from osler.engine.step import BLOCK, Chunk

NUM_BLOCKS = 16


class RunnerContract:
    """Each test asks a runner one question in two ways that must agree.

    The fixture `runner` gives a runner (new or used: what is left in its cache must not matter) with at least
    NUM_BLOCKS global and NUM_BLOCKS local blocks, over a model whose window is 33 to 96 tokens, with local layers and
    at least one global one, and at least 256 positions.

    Attributes:
        tolerance: how far two logits that should be equal may be apart, absolutely.
    """

    tolerance = 1e-4

    @pytest.fixture
    def runner(self):
        raise NotImplementedError

    @pytest.fixture
    def prompt(self, runner):
        """150 ids: more than the window of each local layer."""
        highest = min(runner.config.vocabulary_size, 1000)
        return np.random.default_rng(0).integers(3, highest, 150).astype(np.int32)

    @pytest.fixture
    def images(self, runner):
        """Vectors about as large as the embeddings of tokens, for images of 12 and 20 tokens."""
        rng = np.random.default_rng(1)
        return [rng.standard_normal((length, runner.config.width)).astype(np.float32) * 3 for length in (12, 20)]

    def same(self, first, second):
        assert first.shape == second.shape
        assert np.abs(first - second).max() <= self.tolerance

    def differ(self, first, second):
        assert np.abs(first - second).max() > 10 * self.tolerance

    # -- what comes back

    def test_each_position_asked_for_gets_a_row_of_float32(self, runner, prompt):
        logits = runner.step([chunk(prompt, num_logits=7)])
        assert logits.shape == (7, runner.config.vocabulary_size)
        assert logits.dtype == np.float32
        assert np.isfinite(logits).all()

    def test_the_rows_are_those_of_the_last_positions(self, runner, prompt):
        whole = runner.step([chunk(prompt)]).copy()
        self.same(runner.step([chunk(prompt, num_logits=3)]), whole[-3:])
        self.differ(whole[-1], whole[-2])

    def test_no_position_asked_for_gives_no_row(self, runner, prompt):
        assert runner.step([chunk(prompt, num_logits=0)]).shape == (0, runner.config.vocabulary_size)

    def test_the_order_of_tokens_counts(self, runner, prompt):
        mixed = prompt.copy()
        mixed[[100, 120]] = prompt[[120, 100]]
        first = runner.step([chunk(prompt, num_logits=1)]).copy()
        self.differ(first, runner.step([chunk(mixed, num_logits=1)]))

    # -- the cache

    @pytest.mark.parametrize("cuts", [(1,), (32,), (31, 64), (40, 41, 42, 140, 149)])
    def test_a_prompt_in_chunks_gives_what_it_gives_whole(self, runner, prompt, cuts):
        whole = runner.step([chunk(prompt)]).copy()
        self.same(np.concatenate(list(in_chunks(runner, prompt, cuts, TABLE, TABLE))), whole)

    def test_token_by_token_gives_what_the_whole_gives(self, runner, prompt):
        whole = runner.step([chunk(prompt[:70])]).copy()
        self.same(np.concatenate(list(in_chunks(runner, prompt[:70], range(1, 70), TABLE, TABLE))), whole)

    def test_blocks_may_stand_in_any_order_and_differ_between_layers(self, runner, prompt):
        whole = runner.step([chunk(prompt)]).copy()
        rng = np.random.default_rng(2)
        tables = (rng.permutation(NUM_BLOCKS).astype(np.int32) for _ in range(2))
        self.same(np.concatenate(list(in_chunks(runner, prompt, (50, 90), *tables))), whole)

    def test_what_a_block_held_before_does_not_count(self, runner, prompt):
        first = runner.step([chunk(prompt[:40])]).copy()
        runner.step([chunk(prompt[::-1].copy())])
        self.same(runner.step([chunk(prompt[:40])]), first)

    def test_a_step_given_again_gives_the_same(self, runner, prompt):
        runner.step([chunk(prompt[:50], num_logits=0)])
        first = runner.step([chunk(prompt[50:90], past=50)]).copy()
        self.same(runner.step([chunk(prompt[50:90], past=50)]), first)

    def test_local_tokens_out_of_the_window_are_not_missed(self, runner, prompt):
        whole = runner.step([chunk(prompt)]).copy()
        runner.step([chunk(prompt[:130], num_logits=0)])
        start = local_start_for(130, runner.config.window)
        assert start > 0
        last = chunk(prompt[130:], past=130, local_blocks=TABLE[start // BLOCK :], local_start=start)
        self.same(runner.step([last]), whole[130:])

    def test_local_blocks_may_be_used_anew_once_out_of_the_window(self, runner, prompt):
        ids, window = np.concatenate([prompt, prompt[:90]]), runner.config.window
        whole = runner.step([chunk(ids)]).copy()
        blocks = SequenceBlocks(TABLE, TABLE[: local_blocks_for(len(ids), window, 30)])
        assert len(blocks.local_blocks) < blocks_for(len(ids))
        rows = []
        for past in range(0, len(ids), 30):
            blocks.slide(past, window)
            held = {"local_blocks": blocks.local_blocks, "local_start": blocks.local_start}
            rows.append(runner.step([chunk(ids[past : past + 30], past=past, **held)]).copy())
        self.same(np.concatenate(rows), whole)

    # -- several sequences

    def test_sequences_computed_together_give_what_they_give_alone(self, runner, prompt):
        first, second, third = prompt[:45], prompt[40:140], prompt[100:]
        alone = [runner.step([chunk(ids)]).copy() for ids in (first, second, third)]
        runner.step([at_blocks(0, first[:44], num_logits=0), at_blocks(1, second[:30], num_logits=0)])
        together = runner.step(
            [
                at_blocks(0, first[44:], past=44),
                at_blocks(1, second[30:], past=30, num_logits=5),
                at_blocks(2, third, num_logits=2),
            ]
        )
        self.same(together, np.concatenate([alone[0][-1:], alone[1][-5:], alone[2][-2:]]))

    def test_sequences_without_logits_leave_no_gap(self, runner, prompt):
        alone = runner.step([chunk(prompt[:45])]).copy()
        together = runner.step([at_blocks(0, prompt[50:90], num_logits=0), at_blocks(1, prompt[:45], num_logits=2)])
        self.same(together, alone[-2:])

    # -- images

    def test_an_images_vectors_stand_in_for_its_tokens(self, runner, prompt, images):
        text = runner.step([chunk(prompt[:60], num_logits=1)]).copy()
        with_image = runner.step([chunk(prompt[:60], images=((20, images[0]),), num_logits=1)]).copy()
        self.differ(with_image, text)
        other = prompt[:60].copy()
        other[20:32] = 3
        self.same(runner.step([chunk(other, images=((20, images[0]),), num_logits=1)]), with_image)

    def test_an_image_sees_all_of_itself(self, runner, prompt, images):
        changed = images[0].copy()
        changed[-1] *= -1
        first, second = (
            runner.step([chunk(prompt[:60], images=((20, image),))]).copy() for image in (images[0], changed)
        )
        self.differ(first[20], second[20])

    def test_tokens_before_an_image_do_not_see_it(self, runner, prompt, images):
        text = runner.step([chunk(prompt[:60])]).copy()
        self.same(runner.step([chunk(prompt[:60], images=((20, images[0]),))])[:20], text[:20])

    def test_an_image_does_not_see_the_next_one(self, runner, prompt, images):
        one = runner.step([chunk(prompt[:70], images=((20, images[0]),))]).copy()
        two = runner.step([chunk(prompt[:70], images=((20, images[0]), (33, images[1])))]).copy()
        self.same(two[:33], one[:33])
        self.differ(two[-1], one[-1])

    def test_an_image_in_a_later_chunk_gives_what_the_whole_gives(self, runner, prompt, images):
        both = ((20, images[0]), (60, images[1]))
        whole = runner.step([chunk(prompt, images=both)]).copy()
        parts = [
            runner.step([chunk(prompt[:20])]).copy(),
            runner.step([chunk(prompt[20:60], past=20, images=((0, images[0]),))]).copy(),
            runner.step([chunk(prompt[60:], past=60, images=((0, images[1]),))]).copy(),
        ]
        self.same(np.concatenate(parts), whole)

    def test_images_that_meet_where_two_sequences_meet_keep_to_themselves(self, runner, prompt, images):
        first = chunk(prompt[:32], images=((20, images[0]),))
        alone = [
            runner.step([first]).copy(),
            runner.step([chunk(prompt[50:90], images=((0, images[1]),))]).copy(),
            runner.step([chunk(prompt[90:])]).copy(),
        ]
        together = [first, at_blocks(1, prompt[50:90], images=((0, images[1]),)), at_blocks(2, prompt[90:])]
        self.same(runner.step(together), np.concatenate(alone))


TABLE = np.arange(NUM_BLOCKS, dtype=np.int32)


def chunk(ids, *, past=0, images=(), local_start=0, global_blocks=TABLE, local_blocks=TABLE, num_logits=None):
    """A chunk whose tables are cut to length; it asks for logits of all positions unless told otherwise."""
    ids = np.asarray(ids, np.int32)
    stop = past + len(ids)
    return Chunk(
        ids=ids,
        images=tuple(images),
        past=past,
        global_blocks=global_blocks[: blocks_for(stop)],
        local_blocks=local_blocks[: blocks_for(stop - local_start)],
        local_start=local_start,
        num_logits=len(ids) if num_logits is None else num_logits,
    )


def at_blocks(number, ids, **options):
    """A chunk of sequence 0, 1 or 2, each with five blocks of its own."""
    own = slice(5 * number, 5 * number + 5)
    return chunk(ids, global_blocks=TABLE[own], local_blocks=TABLE[::-1][own].copy(), **options)


def in_chunks(runner, ids, cuts, global_blocks, local_blocks):
    """The logits of each part of a prompt cut at `cuts`."""
    ends = [*cuts, len(ids)]
    for start, end in zip([0, *cuts], ends, strict=True):
        part = chunk(ids[start:end], past=start, global_blocks=global_blocks, local_blocks=local_blocks)
        yield runner.step([part]).copy()
