import pytest
from contracts.reader import ReaderContract

from osler.formats.fhir import open_fhir
from osler.testing.fhir import SECRETS, make_bundle, make_ndjson, small_record


class TestBundleReader(ReaderContract):
    secrets = SECRETS

    @pytest.fixture
    def source(self, tmp_path):
        folder = tmp_path / "source"
        folder.mkdir()
        return make_bundle(folder / "record.json", small_record())

    def open(self, path):
        return open_fhir(path)

    def read_all(self, opened):
        return [opened.counts, *opened.resources()]


class TestNdjsonReader(TestBundleReader):
    cuts = (0.02, 0.3, 0.95)

    @pytest.fixture
    def source(self, tmp_path):
        folder = tmp_path / "source"
        folder.mkdir()
        return make_ndjson(folder / "record.ndjson", small_record())
