import zlib

import pytest
from contracts import reader
from contracts.reader import ReaderContract

from osler.formats.pdf import PdfLimits, open_pdf
from osler.testing.pdf import make_pdf


class TestPdfReader(ReaderContract):
    cuts = (0.02, 0.3, 0.9)
    secrets = ("Quixote",)

    @pytest.fixture(autouse=True)
    def few_damages(self, monkeypatch):
        """Each needs a process of its own."""
        monkeypatch.setattr(reader, "DAMAGES", 6)

    @pytest.fixture
    def source(self, tmp_path):
        folder = tmp_path / "source"
        folder.mkdir()
        return make_pdf(
            folder / "report.pdf", ["Alonso Quixote\nHaemoglobin 13.5 g/dL", "Second page"], size_pt=(200, 150)
        )

    @pytest.fixture
    def large(self, tmp_path):
        """A page whose content inflates to 256 MB."""
        path = make_pdf(tmp_path / "large.pdf", ["x"])
        squeezer = zlib.compressobj(1)
        squeezed = b"".join(squeezer.compress(bytes(2**20)) for _ in range(256)) + squeezer.flush()
        old = path.read_bytes()
        start = old.index(b"<<  /Length", old.index(b"/Contents"))
        end = old.index(b"endstream", start) + len(b"endstream")
        stream = b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(squeezed), squeezed)
        path.write_bytes(old[:start] + stream + old[end:])
        return path

    def open(self, path):
        return open_pdf(path, limits=PdfLimits(seconds=10))

    def read_all(self, opened):
        try:
            pages = range(opened.num_pages)
            return [part for page in pages for part in (opened.size_pt(page), opened.draw(page, 40), opened.text(page))]
        finally:
            opened.close()
