"""The contract of readers finds the faults that it is there to find: readers with one fault each fail its test."""

import json

import numpy as np
import pytest
from contracts.reader import ReaderContract, VolumeReaderContract

from osler.errors import InputError
from osler.testing.volumes import affine_of, make_volume

VALUES = np.arange(60, dtype=np.int32).reshape(3, 4, 5)


class Numbers(ReaderContract):
    """A made-up kind of file: a JSON list of 64 numbers."""

    secrets = ("Quixote",)

    @pytest.fixture
    def source(self, tmp_path):
        path = tmp_path / "numbers.json"
        path.write_text(json.dumps(list(range(64))))
        return path

    def open(self, path):
        try:
            return np.array(json.loads(path.read_text()))
        except (OSError, ValueError):
            raise InputError(f"cannot read `{path}`: it is damaged") from None

    def read_all(self, opened):
        return [opened.copy()]


class TestSoundReader(Numbers):
    """And a sound one passes them all."""


def fails(case: type[ReaderContract], test: str, *arguments) -> bool:
    try:
        getattr(case(), test)(*arguments)
    except AssertionError:
        return True
    return False


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "numbers.json"
    path.write_text(json.dumps(list(range(64))))
    return path


def test_a_reader_that_writes_is_found(source):
    class Writing(Numbers):
        def open(self, path):
            path.write_text(path.read_text() + " ")
            return super().open(path)

    assert fails(Writing, "test_files_are_left_as_they_are", source)


def test_a_reader_that_leaves_a_file_beside_is_found(source):
    class Littering(Numbers):
        def open(self, path):
            path.with_name("cache").write_text("")
            return super().open(path)

    assert fails(Littering, "test_files_are_left_as_they_are", source)


def test_a_reader_that_hands_out_its_own_array_is_found(source):
    class Open(Numbers):
        def read_all(self, opened):
            return [opened]

    assert fails(Open, "test_arrays_that_are_handed_out_do_not_lead_back_to_the_file_s", source)


def test_a_reader_that_goes_by_the_name_is_found(source, tmp_path):
    class ByName(Numbers):
        def open(self, path):
            return super().open(path) if path.suffix == ".json" else np.zeros(64)

    assert fails(ByName, "test_the_name_says_nothing", source, tmp_path)


def test_a_reader_that_takes_half_a_file_is_found(source):
    class Lenient(Numbers):
        def open(self, path):
            return np.array([int(word) for word in path.read_text().strip("[]").split(",") if word.strip()])

    assert fails(Lenient, "test_a_file_that_is_cut_off_is_refused", source)


def test_an_error_that_repeats_a_patient_s_name_is_found(source):
    class Talkative(Numbers):
        def open(self, path):
            raise InputError(f"cannot read `{path}` of Quixote")

    assert fails(Talkative, "test_an_empty_file_is_refused", source)


def test_an_error_that_does_not_name_the_file_is_found(source):
    class Silent(Numbers):
        def open(self, path):
            raise InputError("cannot read it")

    assert fails(Silent, "test_an_empty_file_is_refused", source)


def test_an_exception_of_another_kind_is_found(source):
    class Raw(Numbers):
        def open(self, path):
            return np.array(json.loads(path.read_text()))

    with pytest.raises(ValueError):
        Raw().test_an_empty_file_is_refused(source)


def test_a_reader_that_reads_ahead_is_found(tmp_path):
    class Eager(Numbers):
        opened_bytes = 2**20

        def open(self, path):
            return np.ones(2**22)

    assert fails(Eager, "test_opening_a_large_file_takes_little_memory", tmp_path)


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        ({"positions_mm": np.array([5.0, 2.5, 0.0])}, "test_slices_ascend_along_their_normal"),
        ({"affine_ras": affine_of("LPI")}, "test_slices_ascend_along_their_normal"),
        ({"read_slice": lambda index: VALUES[index]}, "test_slices_are_whole_or_real_numbers_and_read_only"),
        ({"read_slice": lambda index: VALUES[index] * 1.0}, "test_slices_are_whole_or_real_numbers_and_read_only"),
        ({"shape": (3, 5, 4)}, "test_slices_are_whole_or_real_numbers_and_read_only"),
    ],
)
def test_a_volume_with_a_fault_is_found(tmp_path, fault, test):
    class Faulty(VolumeReaderContract):
        def open(self, path):
            positions = {"positions_mm": -60 + 2.5 * np.arange(3)}
            return make_volume(VALUES, **(positions | fault))

    assert fails(Faulty, test, tmp_path)
