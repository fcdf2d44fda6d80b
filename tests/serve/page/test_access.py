"""The page for everybody: keys of a server, keyboards, screen readers, darkness, small screens."""

from pathlib import Path

import pytest
from serve.conftest import serving
from serve.page.conftest import Visitor

import osler
from osler.serve.app import create_app
from osler.serve.database import Database
from osler.serve.keys import KeyRing
from osler.serve.vault import Vault

(CHEST,) = (Path(osler.__file__).parent / "nano").rglob("chest.jpg")


def test_a_server_with_keys_asks_for_one_and_forgets_it_with_the_tab(browser, nano, tmp_path):
    ring = KeyRing(tmp_path / "keys.json")
    secret = ring.add("reader")
    database = Database(tmp_path / "server.sqlite")
    vault = Vault(tmp_path / "data", database, keep_s=60, max_file_bytes=2**24)
    with serving(create_app(nano, "nano", uploads=vault, keys=KeyRing(tmp_path / "keys.json"))) as address:
        context = browser.new_context()
        visitor = Visitor(context.new_page(), address)
        page = visitor.page
        visitor.open()
        page.get_by_label("Key", exact=True).last.fill("osler-wrong")
        page.get_by_role("button", name="Go on").click()
        page.get_by_text("does not know that key").wait_for()
        visitor.picture("key")
        page.get_by_label("Key", exact=True).last.fill(secret)
        page.get_by_role("button", name="Go on").click()
        page.locator(".model-name", has_text="nano").wait_for()
        visitor.upload(CHEST)
        page.locator(".stage img[src^='blob:']").wait_for()
        stored = page.evaluate("JSON.stringify([Object.values(localStorage), document.cookie])")
        assert secret not in stored
        other = context.new_page()
        other.goto(address)
        other.get_by_role("button", name="Go on").wait_for()
        context.close()
    database.close()


def test_everything_usual_is_done_without_a_mouse(visitor):
    page = visitor.page
    visitor.upload(CHEST)
    page.locator(".stage img[src^='blob:']").wait_for()
    page.keyboard.press("m")
    page.locator(".grid .view").first.wait_for()
    page.keyboard.press("m")
    page.locator(".stage").focus()
    before = page.locator(".board").get_attribute("style")
    page.keyboard.press("+")
    assert page.locator(".board").get_attribute("style") != before
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    visitor.picture("keys")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("Describe this X-ray.")
    page.keyboard.press("Enter")
    page.locator(".turn.model[aria-busy=false]").wait_for()
    page.get_by_role("tab", name="Ask").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", name="Report").get_attribute("aria-selected") == "true"


def test_a_screen_reader_hears_the_answer_in_sentences(visitor):
    page = visitor.page
    visitor.upload(CHEST)
    page.get_by_label("Question").fill("Describe this X-ray.")
    page.keyboard.press("Enter")
    page.locator(".turn.model[aria-busy=false]").wait_for()
    answer = page.locator(".turn.model .answer").inner_text()
    heard = page.locator("[aria-live=polite] p").all_inner_texts()
    assert heard[-1] and heard[-1] in answer


def test_every_control_has_a_name(visitor):
    page = visitor.page
    visitor.upload(CHEST)
    page.locator(".stage img[src^='blob:']").wait_for()
    for task in ("Ask", "Report", "Locate", "Compare", "Lab rows"):
        visitor.task(task)
        nameless = page.evaluate(NAMELESS)
        assert nameless == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_words_stand_out_from_their_ground_in_both_themes(visitor, scheme):
    page = visitor.page
    page.emulate_media(color_scheme=scheme)
    visitor.upload(CHEST)
    page.locator(".stage img[src^='blob:']").wait_for()
    visitor.picture(scheme)
    assert page.evaluate(CONTRASTS) == []


def test_a_narrow_screen_shows_one_part_at_a_time(browser, served):
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    visitor = Visitor(context.new_page(), served)
    page = visitor.page
    visitor.open()
    visitor.picture("narrow-studies")
    assert not page.locator(".view-pane").is_visible() and not page.locator(".work-pane").is_visible()
    visitor.upload(CHEST)
    page.locator(".stage img[src^='blob:']").wait_for()
    visitor.picture("narrow-view")
    page.get_by_role("navigation").get_by_role("button", name="Tasks").click()
    page.get_by_label("Question").fill("Describe this X-ray.")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".turn.model[aria-busy=false]").wait_for()
    visitor.picture("narrow-work")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator(".notice-bar").is_visible()
    context.close()
    assert visitor.complaints == []


NAMELESS = """() => [...document.querySelectorAll("button, input, select, textarea, [tabindex='0']")]
  .filter((one) => one.offsetParent && one.ariaHidden !== "true")
  .filter((one) => !one.textContent.trim() && !one.getAttribute("aria-label"))
  .filter((one) => !(one.labels && [...one.labels].some((label) => label.textContent.trim())))
  .map((one) => one.outerHTML.slice(0, 200))"""

CONTRASTS = """() => {
  const shown = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    shown.clearRect(0, 0, 1, 1);
    shown.fillStyle = colour;
    shown.fillRect(0, 0, 1, 1);
    return [...shown.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const colour = rgb(getComputedStyle(one).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("h1, h2, p, span, button, label, summary, .name")]
    .filter((one) => one.offsetParent && !one.closest(".unseen, .stage")
      && [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
    .map((one) => {
      const [a, b] = [light(rgb(getComputedStyle(one).color)), light(ground(one))];
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.className, one.textContent.slice(0, 30)];
    })
    .filter(([ratio]) => ratio < 4.5);
}"""
