"""Optional packages."""

import pytest

from osler.errors import MissingExtraError
from osler.extras import needed


def test_a_module_that_is_there_is_given():
    assert needed("json.decoder", "read", "any").JSONDecoder


def test_one_that_is_not_is_named_with_what_brings_it():
    with pytest.raises(MissingExtraError, match="cannot fly: wings is not installed") as caught:
        needed("wings.feathers", "fly", "birds", otherwise=", or walk")
    assert caught.value.hint == "pip install 'osler[birds]', or walk"
