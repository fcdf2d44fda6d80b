"""What every reader keeps to: subclass `ReaderContract` (volumes: `VolumeReaderContract`) and give it fixtures.

A reader opens a path and gives a value of `osler.values`: lazily where there is more than one picture in it.
"""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from osler.errors import OslerError

DAMAGES = 40
HEADER_BYTES = 2048


class ReaderContract:
    """Each test hands a reader a file in some state and looks at what comes back.

    A case defines

    - `source`, a fixture: the path of a small sound file (or folder of files) in a place of its own;
    - `open(path)`: the reader;
    - `read_all(opened)`: everything that can be read from what was opened: arrays, texts, dictionaries.

    and, where there can be large files, `large`, a fixture: the path of a sound one of at least `large_bytes` when
    decoded (sparse or well compressed, so that it is made quickly).

    Attributes:
        wrong_name: a name that belongs to another kind of file.
        cuts: at which shares of its bytes a file is cut off; each must be refused at the latest when all is read.
        secrets: words in the file that no message may hold.
        large_bytes, opened_bytes: opening the large file takes at most so much memory.
    """

    wrong_name = "holiday.jpg"
    cuts: tuple[float, ...] = (0.02, 0.3, 0.9)
    secrets: tuple[str, ...] = ()
    large_bytes = 2**28
    opened_bytes = 2**25

    @pytest.fixture
    def source(self, tmp_path) -> Path:
        raise NotImplementedError

    @pytest.fixture
    def large(self, tmp_path) -> Path:
        pytest.skip("this kind of file is read at once")

    def open(self, path: Path):
        raise NotImplementedError

    def read_all(self, opened) -> list:
        raise NotImplementedError

    def attempt(self, path: Path):
        """Everything in a file, or the one error that a person would see; any other exception fails the test."""
        try:
            return self.read_all(self.open(path))
        except OslerError as error:
            self.check_message(str(error), path)
            return error

    def check_message(self, message: str, path: Path):
        """It names the file as the person wrote it, and nothing of a patient's."""
        assert Path(path).name in message
        assert "Traceback" not in message
        for secret in self.secrets:
            assert secret not in message

    # -- sound files

    def test_reading_gives_the_same_twice(self, source):
        opened = self.open(source)
        first = [copied(part) for part in self.read_all(opened)]
        assert first
        assert_same(first, self.read_all(opened))
        assert_same(first, self.read_all(self.open(source)))

    def test_files_are_left_as_they_are(self, source):
        before = states(source)
        self.read_all(self.open(source))
        assert states(source) == before

    def test_files_that_may_not_be_written_are_read(self, source):
        expected = self.read_all(self.open(source))
        for path in files_of(source):
            path.chmod(0o444)
        assert_same(expected, self.read_all(self.open(source)))

    def test_arrays_that_are_handed_out_do_not_lead_back_to_the_file_s(self, source):
        opened = self.open(source)
        for part in self.read_all(opened):
            if isinstance(part, np.ndarray) and part.flags.writeable:
                part[...] = 0
        assert_same(self.read_all(opened), self.read_all(self.open(source)))

    def test_the_name_says_nothing(self, source, tmp_path):
        if source.is_dir():
            pytest.skip("a folder has no kind in its name")
        other = tmp_path / "elsewhere" / self.wrong_name
        other.parent.mkdir()
        for path in files_of(source.parent):
            shutil.copy(path, other.parent / path.name)
        (other.parent / source.name).rename(other)
        assert_same(self.read_all(self.open(source)), self.read_all(self.open(other)))

    # -- laziness

    def test_opening_a_large_file_takes_little_memory(self, large):
        with PeakMemory() as memory:
            opened = self.open(large)
        assert memory.grown_bytes <= self.opened_bytes
        del opened

    # -- files that are not sound

    def test_a_file_that_is_cut_off_is_refused(self, source):
        for path in files_of(source):
            whole = path.read_bytes()
            for share in self.cuts:
                path.write_bytes(whole[: int(len(whole) * share)])
                assert isinstance(self.attempt(source), OslerError), f"cut at {share}"
            path.write_bytes(whole)

    def test_an_empty_file_is_refused(self, source):
        for path in files_of(source):
            path.write_bytes(b"")
        assert isinstance(self.attempt(source), OslerError)

    def test_a_file_that_is_not_there_is_refused(self, source):
        assert isinstance(self.attempt(source.parent / "nowhere"), OslerError)

    def test_another_kind_of_file_is_refused(self, source):
        for path in files_of(source):
            path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"not what it seems " * 100)
        assert isinstance(self.attempt(source), OslerError)

    @pytest.mark.parametrize("seed", range(3))
    def test_damaged_headers_give_an_answer_or_one_error(self, source, seed):
        rng = np.random.default_rng(seed)
        path = files_of(source)[0]
        whole = np.frombuffer(path.read_bytes(), np.uint8)
        with PeakMemory() as memory:
            for _ in range(DAMAGES):
                damaged = whole.copy()
                places = rng.integers(0, min(len(whole), HEADER_BYTES), int(rng.integers(1, 9)))
                damaged[places] = rng.integers(0, 256, len(places))
                path.write_bytes(damaged.tobytes())
                self.attempt(source)
        assert memory.grown_bytes < 2**31


class VolumeReaderContract(ReaderContract):
    """For readers that give a `Volume`.

    A case defines besides:

    - `expected`, a fixture: (values [Z, Y, X] with slices in ascending order, affine_ras [4, 4]) of `source`.
    """

    @pytest.fixture
    def expected(self, source) -> tuple[np.ndarray, np.ndarray]:
        raise NotImplementedError

    def read_all(self, opened) -> list:
        return [opened.read_slice(index) for index in range(opened.shape[0])]

    def test_values_are_those_that_were_written(self, source, expected):
        volume = self.open(source)
        assert volume.shape == expected[0].shape
        np.testing.assert_allclose(np.stack(self.read_all(volume)), expected[0], rtol=1e-6)

    def test_places_are_those_that_were_written(self, source, expected):
        affine = self.open(source).affine_ras
        assert affine.shape == (4, 4) and affine.dtype == np.float64
        np.testing.assert_allclose(affine, expected[1], atol=1e-4)

    def test_slices_ascend_along_their_normal(self, source):
        volume = self.open(source)
        normal = canonical_normal(volume.affine_ras)
        assert volume.positions_mm.shape == volume.shape[:1]
        assert (np.diff(volume.positions_mm) > 0).all()
        assert volume.affine_ras[:3, 2] @ normal > 0
        assert volume.positions_mm[0] == pytest.approx(normal @ volume.affine_ras[:3, 3], abs=1e-3)

    def test_slices_are_whole_or_real_numbers_and_read_only(self, source):
        volume = self.open(source)
        kinds = {(part.dtype, part.shape, part.flags.writeable) for part in self.read_all(volume)}
        assert len(kinds) == 1
        kind, shape, writeable = kinds.pop()
        assert kind in (np.int32, np.float32)
        assert shape == volume.shape[1:]
        assert not writeable

    def test_there_is_a_file_for_each_slice_or_one_for_all(self, source):
        volume = self.open(source)
        assert len(volume.files) in (1, volume.shape[0])
        assert all(path.is_file() for path in (*volume.files, *volume.other_files))


def canonical_normal(affine_ras: np.ndarray) -> np.ndarray:
    """The slices' unit normal, towards the head, the front or the patient's left, whichever it is nearest to."""
    normal = np.cross(affine_ras[:3, 0], affine_ras[:3, 1])
    normal /= np.linalg.norm(normal)
    nearest = int(np.abs(normal).argmax())
    upwards = normal[nearest] > 0
    return normal if upwards != (nearest == 0) else -normal


def files_of(source: Path) -> list[Path]:
    """The file itself, or all files of a folder in order of their names."""
    return sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]


def states(source: Path) -> dict[str, tuple[str, int]]:
    """Digest and time of change of each file in the folder in which the source lies (or which it is)."""
    folder = source if source.is_dir() else source.parent
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in files_of(folder)
    }


def copied(part):
    return part.copy() if isinstance(part, np.ndarray) else part


def assert_same(first: list, second: list):
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other)
        else:
            assert one == other


class PeakMemory:
    """How much more memory this process held at its highest than at the beginning, as Linux counts it."""

    def __enter__(self):
        try:
            Path("/proc/self/clear_refs").write_text("5")  # makes VmHWM start again from now
        except OSError:
            pytest.skip("this system does not tell a process's peak memory")
        self._before = resident_bytes("VmRSS")
        return self

    def __exit__(self, *_):
        self.grown_bytes = resident_bytes("VmHWM") - self._before


def resident_bytes(field: str) -> int:
    """A line of /proc/self/status, which counts in KiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(field)
