import pytest

from osler.sources import retry


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    """Try again at once, and without what the machine's owner has set."""
    monkeypatch.setattr(retry, "WAITS_S", (0.01, 0.01, 0.01))
    for name in ("OSLER_SERVER_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
