"""Chromium before a server with the demonstration model; its pictures go to the folder that OSLER_SCREENSHOTS names."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from serve.conftest import serving

pytest.importorskip("fastapi")
pytest.importorskip("playwright")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WAIT_MS = 30_000
ARGUMENTS = ("--no-sandbox", "--enable-unsafe-swiftshader", "--use-gl=angle", "--use-angle=swiftshader")


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium of the system."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(nano, tmp_path_factory):
    """The address of a server with the page, uploads and jobs."""
    from osler.serve.app import create_app
    from osler.serve.database import Database
    from osler.serve.vault import Vault

    folder = tmp_path_factory.mktemp("data")
    database = Database(folder / "server.sqlite")
    vault = Vault(folder, database, keep_s=3600, max_file_bytes=2**28)
    with serving(create_app(nano, "osler-nano", uploads=vault)) as address:
        yield address
    database.close()


class Visitor:
    """A person before the page.

    Attributes:
        complaints: errors that the browser told of: of programs, of the policy on content, of requests elsewhere.
    """

    def __init__(self, page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._requested)

    def _requested(self, request) -> None:
        if not request.url.startswith((self.address, "blob:", "data:")):
            self.complaints.append(f"asked elsewhere: {request.url}")

    def open(self) -> None:
        """Open the page."""
        self.page.goto(self.address + "/")
        self.page.get_by_text("Choose files").wait_for()

    def upload(self, *paths: Path) -> None:
        """Choose files, and wait until their study is open."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Choose files").click()
        with self.page.expect_response(lambda reply: reply.url.endswith("/viewers")):
            chooser.value.set_files([str(path) for path in paths])

    def task(self, name: str) -> None:
        """Choose a task."""
        self.page.get_by_role("tab", name=name, exact=True).click()

    def ended(self) -> None:
        """Wait until the job that is shown is done."""
        self.page.locator("article.job .status.done").wait_for(timeout=2 * WAIT_MS)

    def picture(self, name: str, *, settled_ms: int = 0) -> None:
        """Keep what the page looks like, where somebody wants it, after it has come to rest."""
        folder = os.environ.get("OSLER_SCREENSHOTS")
        if folder:
            self.page.wait_for_timeout(settled_ms)
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png")


@contextmanager
def visiting(browser, address, **options):
    """A visitor on a server's page, on a usual screen or as options say; at the end nothing went wrong behind it."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "accept_downloads": True, **options})
    visitor = Visitor(context.new_page(), address)
    visitor.open()
    yield visitor
    context.close()
    assert visitor.complaints == []


@pytest.fixture
def visitor(browser, served):
    """On the page of the demonstration model's server."""
    with visiting(browser, served) as visitor:
        yield visitor
