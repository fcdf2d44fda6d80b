"""Versions of installed packages."""

import numpy

from osler.versions import version_of


def test_an_installed_package_has_its_version_and_another_has_none():
    assert version_of("numpy") == numpy.__version__
    assert version_of("no-such-package-anywhere") is None
