import logging
import warnings

import pytest

from osler.formats.quiet import silenced

LIBRARY = logging.getLogger("a.library")


def test_warnings_and_records_are_kept_back_only_inside(recwarn, caplog):
    with silenced("a.library"):
        warnings.warn("inside", stacklevel=1)
        LIBRARY.error("inside")
    warnings.warn("outside", stacklevel=1)
    LIBRARY.error("outside")
    assert [str(warning.message) for warning in recwarn.list] == ["outside"]
    assert caplog.messages == ["outside"]


def test_the_logger_is_as_it_was_even_after_an_error():
    LIBRARY.setLevel(logging.INFO)
    with pytest.raises(ValueError), silenced("a.library"):
        raise ValueError
    assert LIBRARY.level == logging.INFO
