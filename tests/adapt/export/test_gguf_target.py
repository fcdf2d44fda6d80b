import pytest

from osler.adapt.export.gguf_target import export_gguf
from osler.adapt.export.targets import ExportOptions
from osler.errors import InputError, OptionError
from osler.testing.tiny import write_gguf, write_projector, write_safetensors
from osler.weights.checkpoint import open_checkpoint


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize(("kind", "eyes"), [("F32", "F32"), ("F16", "F16"), ("BF16", "BF16"), ("Q8_0", "F16")])
def test_both_files_are_named_by_model_and_type(checkpoint, tmp_path, kind, eyes):
    exported = export_gguf(checkpoint, tmp_path / "out", ExportOptions(type=kind))
    assert names(tmp_path / "out") == {f"medgemma-1.5-4b-it-{kind}.gguf", f"mmproj-medgemma-1.5-4b-it-{eyes}.gguf"}
    assert {path.name for path in exported.files} == names(tmp_path / "out")
    assert open_checkpoint(tmp_path / "out").description == f"GGUF {kind} + mmproj {eyes}"


def test_an_adapter_s_name_is_in_the_files_names(merged, tmp_path):
    export_gguf(merged, tmp_path / "out", ExportOptions())
    assert "medgemma-1.5-4b-it-tuned-BF16.gguf" in names(tmp_path / "out")
    assert open_checkpoint(tmp_path / "out").recipe == "1.5"


def test_a_file_may_be_named(checkpoint, tmp_path):
    exported = export_gguf(checkpoint, tmp_path / "mine.gguf", ExportOptions())
    assert [path.name for path in exported.files] == ["mine.gguf", "mmproj-mine.gguf"]
    assert str(tmp_path / "mmproj-mine.gguf") in exported.commands[1]


def test_a_model_that_reads_no_images_has_one_file_and_a_note(tmp_path):
    source = open_checkpoint(write_safetensors(tmp_path / "text", prefixes="text"))
    exported = export_gguf(source, tmp_path / "out", ExportOptions())
    assert names(tmp_path / "out") == {"text-BF16.gguf"}
    assert any("reads no images" in note for note in exported.notes)


def test_the_user_is_told_that_a_quantised_source_regains_nothing(tmp_path, checkpoint):
    source = open_checkpoint(write_gguf(tmp_path / "source" / "s.gguf", "Q4_K"))
    notes = export_gguf(source, tmp_path / "a", ExportOptions(type="F16")).notes
    assert any("nothing is regained" in note for note in notes)
    assert not any("regained" in note for note in export_gguf(checkpoint, tmp_path / "b", ExportOptions()).notes)


def test_another_model_s_projector_beside_it_is_refused(checkpoint, tmp_path):
    write_projector(tmp_path / "other.gguf")
    with pytest.raises(InputError, match=r"`other\.gguf` lies in the same folder"):
        export_gguf(checkpoint, tmp_path / "mine.gguf", ExportOptions())
    assert names(tmp_path) == {"other.gguf"}


def test_the_source_is_never_written_over(tmp_path):
    path = write_gguf(tmp_path / "s.gguf", "Q8_0")
    before = path.read_bytes()
    with pytest.raises(InputError, match="that is read"):
        export_gguf(open_checkpoint(path), path, ExportOptions(force=True))
    assert path.read_bytes() == before


def test_other_types_are_refused(checkpoint, tmp_path):
    with pytest.raises(OptionError, match="Q4_K"):
        export_gguf(checkpoint, tmp_path / "out", ExportOptions(type="Q4_K"))


def test_an_interrupted_export_leaves_nothing(checkpoint, tmp_path):
    def interrupt(stage, done, total):
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_gguf(checkpoint, tmp_path / "out", ExportOptions(), interrupt)
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_in_bytes_to_the_end(checkpoint, tmp_path):
    told = []
    exported = export_gguf(checkpoint, tmp_path / "out", ExportOptions(), lambda *what: told.append(what))
    assert {stage for stage, _, _ in told} == {"Writing weights"}
    assert all(0 <= done <= total for _, done, total in told)
    totals = {total for _, _, total in told}
    assert len(totals) == 2 and sum(totals) <= exported.size_bytes
    assert all(any(done == total for _, done, total in told) for total in totals)


def test_a_disk_without_room_is_found_before_anything_is_written(checkpoint, tmp_path, monkeypatch):
    import shutil
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**9, 10**9, 10**6))
    with pytest.raises(InputError, match="GB free"):
        export_gguf(checkpoint, tmp_path / "out", ExportOptions())
    assert list(tmp_path.iterdir()) == []
