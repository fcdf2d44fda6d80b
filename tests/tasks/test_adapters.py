"""A model with adapters: whose answers are whose, and that nobody reads what another has kept."""

import threading

import numpy as np
import pytest

import osler
from osler.errors import InputError, OslerError, VisionError, WeightsError
from osler.tasks.load import open_model
from osler.testing.tiny import write_safetensors
from osler.testing.tiny_adapter import ALL_TEXT, write_adapter

QUESTION = {"max_new_tokens": 8, "ignore_eos": True}
PICTURE = np.random.default_rng(0).integers(0, 255, (56, 56, 3)).astype(np.uint8)
SAID = [{"role": "user", "content": [{"type": "text", "text": "what"}]}]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("adapters")
    write_safetensors(root / "base", kind="f32")
    write_adapter(root / "text", seed=1)
    write_adapter(root / "eyes", seed=2, targets=["tower.q_proj", "tower.fc1"])
    write_adapter(root / "both", seed=3, targets=[*ALL_TEXT, "tower.fc2"], projector=True)
    return root


@pytest.fixture(scope="module")
def model(root):
    named = {name: root / name for name in ("text", "eyes", "both")}
    with osler.load(root / "base", precision="f32", context=256, sequences=4, adapters=named) as model:
        yield model


@pytest.fixture(scope="module")
def answers(root):
    """What models with one adapter each answer."""
    found = {}
    for name in (None, "text", "eyes", "both"):
        adapter = None if name is None else root / name
        with osler.load(root / "base", precision="f32", context=256, adapter=adapter) as one:
            found[name] = (
                one.ask(PICTURE, "what", **QUESTION).text,
                one.score(SAID, "yes").total,
                one.encode_images(PICTURE),
            )
    return found


NAMES = (None, "text", "eyes", "both")


def test_each_view_answers_scores_and_sees_as_a_model_of_its_own(model, answers):
    for name in [*NAMES, *reversed(NAMES)]:
        view = model.adapted(name)
        text, score, vectors = answers[name]
        assert view.ask(PICTURE, "what", **QUESTION).text == text
        assert view.score(SAID, "yes").total == pytest.approx(score, abs=1e-4)
        np.testing.assert_allclose(view.encode_images(PICTURE), vectors, atol=1e-5)


def test_only_adapters_that_change_images_have_an_encoder_of_their_own(model, answers):
    assert model.adapted("text")._vectors is model._vectors
    assert len({id(model.adapted(name)._vectors) for name in NAMES}) == 3
    assert np.abs(answers["eyes"][2] - answers[None][2]).max() > 0.01
    np.testing.assert_array_equal(answers["text"][2], answers[None][2])


def test_answers_of_several_adapters_are_computed_together(model, answers):
    views = [model.adapted(name) for name in NAMES]
    streams = [view.stream(PICTURE, "what", **QUESTION) for view in views]
    for stream in streams:
        stream.begin()
    assert [stream.finish().text for stream in streams] == [answers[name][0] for name in NAMES]


def test_probabilities_of_answers_are_the_adapters(root, model):
    alone, tuned = likelihoods(model), likelihoods(model.adapted("text"))
    with osler.load(root / "base", precision="f32", context=256, adapter=root / "text") as one:
        expected = likelihoods(one)
    assert tuned == pytest.approx(expected, abs=1e-5)
    assert tuned != pytest.approx(alone, abs=1e-3)


def likelihoods(model):
    return [one.share for one in model.confidence(None, "what", options=["q", "qz", "b"]).options]


def test_a_reply_names_the_adapter(model):
    made = model.adapted("text").ask(None, "what", **QUESTION).provenance
    base = model.ask(None, "what", **QUESTION).provenance
    assert made.model == "base with adapter text (safetensors F32)"
    assert made.weights_id.startswith(base.weights_id + "+")
    assert "adapter" not in base.model


def test_every_variant_has_an_id_of_its_own(model):
    ids = {model.adapted(name).identity.weights_id for name in NAMES}
    assert len(ids) == 4


def test_an_adapter_given_alone_is_always_used_and_called_as_its_folder(root, answers):
    with osler.load(root / "base", precision="f32", context=256, adapter=root / "text") as one:
        assert one.identity.adapter == "text"
        assert one.adapted(None).identity.adapter is None
        assert one.ask(PICTURE, "what", **QUESTION).text == answers["text"][0]


def test_a_view_of_a_model_that_is_not_started_shares_its_engine(root):
    with open_model(root / "base", precision="f32", context=256, adapters={"text": root / "text"}) as model:
        view = model.adapted("text")
        assert view.engine is model.engine


def test_a_watched_view_keeps_its_adapter(model, answers):
    heard = []
    twin = model.adapted("both").watched(lambda *told: heard.append(told), lambda stream: None)
    assert twin.ask(PICTURE, "what", **QUESTION).text == answers["both"][0]
    assert heard


def test_a_view_ends_with_its_model(root):
    model = osler.load(root / "base", precision="f32", context=256, adapters={"eyes": root / "eyes"})
    view = model.adapted("eyes")
    model.close()
    for use in (lambda: view.ask(None, "what"), lambda: view.encode_images(PICTURE), lambda: model.adapted("eyes")):
        with pytest.raises(OslerError):
            use()


def test_threads_with_different_adapters_share_the_model(model, answers):
    found = {}

    def ask(name):
        found[name] = model.adapted(name).ask(PICTURE, "what", **QUESTION).text

    threads = [threading.Thread(target=ask, args=(name,)) for name in NAMES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {name: answers[name][0] for name in NAMES}


def test_vectors_on_disk_are_never_another_adapters(root, monkeypatch, tmp_path):
    """Stores are opened for large models only: let them be for this one."""
    monkeypatch.setenv("OSLER_CACHE", str(tmp_path))
    monkeypatch.setattr("osler.tasks.vector_store.WORTHWHILE_BYTES", 0)
    monkeypatch.setattr("osler.engine.weight_store.WORTHWHILE_BYTES", 0)
    named = {name: root / name for name in ("eyes", "both")}
    seen = {}
    for _ in range(2):  # the second time all is on disk
        with osler.load(root / "base", precision="f32", context=256, adapters=named) as model:
            for name in (None, "eyes", "both"):
                vectors = model.adapted(name).encode_images(PICTURE)
                np.testing.assert_array_equal(seen.setdefault(name, vectors), vectors)
    assert len(list((tmp_path / "vectors").glob("*.vectors"))) == 3
    assert len(list((tmp_path / "weights").glob("*vision*.weights"))) == 3
    assert len(list((tmp_path / "weights").glob("*text*.weights"))) == 1
    assert np.abs(seen["eyes"] - seen["both"]).max() > 0.01


def test_an_unknown_name_is_refused_with_the_nearest(model):
    with pytest.raises(InputError) as caught:
        model.adapted("txt")
    assert "`text`" in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "a\n", 3])
def test_a_name_that_could_not_be_asked_for_is_refused(root, name):
    with pytest.raises(InputError, match="cannot call an adapter"):
        open_model(root / "base", adapters={name: root / "text"})


def test_both_ways_to_name_adapters_at_once_are_refused(root):
    with pytest.raises(InputError, match="expected one of them"):
        osler.load(root / "base", adapter=root / "text", adapters={"text": root / "text"})


def test_what_cannot_be_used_is_refused_before_any_weights_are_read(root, tmp_path):
    blind = write_safetensors(tmp_path / "blind", vision=False)
    with pytest.raises(VisionError):
        open_model(blind, adapters=root / "eyes")
    with pytest.raises(WeightsError):
        open_model(root / "base", adapters=tmp_path / "nothing")
    with pytest.raises(WeightsError, match="holds a LoRA adapter and no model"):
        open_model(root / "text")
