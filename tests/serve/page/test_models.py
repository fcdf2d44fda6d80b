"""Who answers on the page of a server with adapters: chosen, told beside each answer, kept with the conversation."""

import json
from pathlib import Path

import pytest
from serve.conftest import serving
from serve.page.conftest import visiting

import osler
from osler.testing.shape import TinyShape
from osler.testing.tiny_adapter import write_adapter

CHEST = Path(osler.__file__).parent / "nano" / "chest.jpg"
SHAPE = TinyShape(width=192, feed_forward_width=512, heads=3, kv_heads=1, head_width=64, vocabulary_size=2048)
"""Of the demonstration model's decoder."""
SELECT = ".model-choice select"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the server keeps what it knows, and writes down who answered."""
    return tmp_path_factory.mktemp("several")


@pytest.fixture(scope="module")
def several(folder):
    """The address of a server of the demonstration model with an adapter."""
    from osler.serve.app import create_app
    from osler.serve.database import Database
    from osler.serve.vault import Vault

    adapters = {"chest/v2": write_adapter(folder / "adapter", shape=SHAPE, seed=1)}
    database = Database(folder / "server.sqlite")
    vault = Vault(folder, database, keep_s=3600, max_file_bytes=2**28)
    with (
        osler.load(precision="f32", sequences=2, adapters=adapters) as model,
        serving(create_app(model, "osler-nano", uploads=vault, audit=folder)) as address,
    ):
        yield address
    database.close()


def ask(visitor, words):
    """The answer to a question and who gave it, once it is kept."""
    page = visitor.page
    page.get_by_label("Question").fill(words)
    page.get_by_label("Tokens at most").fill("12")
    with page.expect_response(lambda reply: reply.url.endswith("/conversation") and reply.request.method == "POST"):
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Ask", exact=True).click()
    last = page.locator(".turn.model").last
    return last.locator(".answer").inner_text(), last.locator(".answerer").inner_text()


def answered_by(folder, task):
    """The models in the audit log's lines about a task."""
    (log,) = folder.glob("audit-*.jsonl")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return [line["model"] for line in lines if line["task"] == task]


def test_where_one_model_answers_there_is_nothing_to_choose(visitor):
    visitor.upload(CHEST)
    visitor.page.get_by_label("Question").wait_for()
    assert not visitor.page.locator(SELECT).is_visible()


def test_the_chosen_model_answers_is_named_and_goes_on_in_another_tab(browser, several, folder):
    with visiting(browser, several) as visitor:
        page = visitor.page
        assert not page.locator(SELECT).is_visible()
        visitor.upload(CHEST)
        select = page.get_by_role("combobox", name="Model", exact=True)
        assert select.locator("option").all_inner_texts() == ["osler-nano (no adapter)", "chest/v2"]
        base, who = ask(visitor, "Describe this X-ray.")
        assert who == "osler-nano"
        page.get_by_role("button", name="New conversation").click()
        select.focus()
        page.keyboard.press("ArrowDown")
        tuned, who = ask(visitor, "Describe this X-ray.")
        assert who == "chest/v2" and tuned != base
        assert answered_by(folder, "POST /v1/chat/completions") == ["osler-nano", "chest/v2"]
        visitor.picture("models")
    with visiting(browser, several) as visitor:
        visitor.page.locator(".studies .item", has_text="chest.jpg").first.click()
        visitor.page.locator(".turn.model .answerer", has_text="chest/v2").wait_for()
        visitor.picture("models-again")
        assert visitor.page.locator(SELECT).input_value() == "chest/v2"


def test_a_job_is_done_by_the_chosen_model_and_names_it(browser, several, folder):
    narrow = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}
    with visiting(browser, several, **narrow) as visitor:
        page = visitor.page
        visitor.upload(CHEST.with_name("smear.jpg"))
        page.get_by_role("button", name="Tasks", exact=True).click()
        visitor.task("Report")
        page.get_by_role("combobox", name="Model", exact=True).select_option("chest/v2")
        page.get_by_text("More", exact=True).click()
        page.get_by_label("Tokens at most").fill("12")
        page.get_by_role("button", name="Start").click()
        visitor.ended()
        visitor.picture("models-narrow")
        assert page.locator("article.job header").inner_text().endswith("chest/v2")
        assert "with adapter chest/v2" in page.locator("article.job .printed").text_content()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.get_by_role("button", name="Studies", exact=True).click()
        assert "chest/v2" in page.locator(".jobs .item").first.inner_text()
    assert answered_by(folder, "job report") == ["chest/v2"]
