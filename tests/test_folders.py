"""Where Osler keeps things."""

from pathlib import Path

from osler.folders import cache_folder, models_folder


def test_the_cache_is_below_the_home_folder_where_nothing_else_is_said(monkeypatch, tmp_path):
    monkeypatch.delenv("OSLER_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert models_folder() == tmp_path / ".cache" / "osler" / "models"


def test_osler_cache_goes_before_xdg_cache_home(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    monkeypatch.delenv("OSLER_CACHE", raising=False)
    assert cache_folder() == Path("/elsewhere/osler")
    monkeypatch.setenv("OSLER_CACHE", "/here")
    assert cache_folder() == Path("/here")
