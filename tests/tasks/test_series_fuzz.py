"""Whatever headers say, grouping, choosing and listing give an answer or one error."""

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from osler.errors import InputError
from osler.formats.dicom_frames import FramePlace
from osler.formats.dicom_header import DicomHeader
from osler.tasks.listing import rows
from osler.tasks.series import choose, group, open_series
from osler.tasks.study_options import StudyOptions

AXES = ((1.0, 0, 0, 0, 1, 0), (1.0, 0, 0, 0, 0, -1), (0, 1.0, 0, 0, 0, -1))


def some(strategy):
    return st.one_of(st.none(), strategy)


number = st.one_of(st.integers(-3, 3).map(float), st.floats(allow_nan=False, allow_infinity=False))
place = {
    "position_lps_mm": some(st.tuples(number, number, number)),
    "orientation_lps": some(st.one_of(st.sampled_from(AXES), st.tuples(*[number] * 6))),
    "spacing_mm": some(st.tuples(number, number)),
    "thickness_mm": some(number),
    "slope": some(number),
    "intercept": some(number),
}
frame = st.builds(FramePlace, stack=st.integers(0, 2), **place)
header = st.builds(
    DicomHeader,
    path=st.sampled_from([Path("a"), Path("b")]),
    sop_class=st.sampled_from(["", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.77.1.6"]),
    sop_uid=st.sampled_from(["", "1", "2", "3", "4", "5", "6"]),
    study_uid=st.sampled_from(["", "1"]),
    series_uid=st.sampled_from(["", "1"]),
    modality=st.sampled_from(["CT", "MR", "PT", "DX", ""]),
    series_number=some(st.integers()),
    instance_number=some(st.integers()),
    acquisition_number=some(st.integers(0, 2)),
    image_type=st.sampled_from([(), ("ORIGINAL",), ("DERIVED", "SECONDARY"), ("ORIGINAL", "PRIMARY", "LOCALIZER")]),
    rows=some(st.integers(-1, 3)),
    columns=some(st.integers(-1, 3)),
    num_frames=st.integers(1, 4),
    photometric=st.sampled_from(["MONOCHROME2", "RGB", ""]),
    bits_allocated=some(st.integers()),
    has_pixels=st.booleans(),
    slice_spacing_mm=some(number),
    frames=st.lists(frame, max_size=4).map(tuple),
    study_order=st.sampled_from(["", "2020", "2021"]),
    **place,
)
volume_header = st.builds(
    DicomHeader,
    path=st.just(Path("a")),
    series_uid=st.just("1"),
    modality=st.just("MR"),
    rows=st.just(2),
    columns=st.just(2),
    photometric=st.just("MONOCHROME2"),
    has_pixels=st.just(True),
    acquisition_number=some(st.integers(0, 3)),
    position_lps_mm=st.tuples(st.just(0.0), st.just(0.0), number),
    orientation_lps=st.sampled_from(AXES[:1] * 3 + AXES),
    spacing_mm=st.just((1.0, 1.0)),
)


def look_at(headers):
    groups = group(headers)
    assert sum(len(one.headers) for study in groups for one in study.series) <= len(headers) * 4
    for row in rows(groups):
        assert row.name and row.kind
    try:
        assert choose(groups, StudyOptions())
    except InputError as error:
        assert "cannot choose" in error.message
    return [one for study in groups for one in study.series]


def check_volume(series):
    try:
        volume = open_series(series)
    except InputError:
        return
    assert volume.shape[0] == series.num_images == len(series.slices) > 1
    assert (np.diff(volume.positions_mm) > 0).all()
    assert np.isfinite(volume.affine_ras).all()
    assert abs(np.linalg.det(volume.affine_ras)) > 0


@settings(max_examples=60, deadline=None)
@given(st.lists(header, max_size=6))
def test_any_headers_are_grouped_listed_and_chosen_from(headers):
    for series in look_at(headers):
        if series.kind == "volume":
            check_volume(series)


@settings(max_examples=60, deadline=None)
@given(st.lists(volume_header, min_size=2, max_size=12))
def test_slices_anywhere_make_volumes_whose_slices_ascend(headers):
    found = look_at(headers)
    assert sum(one.num_images for one in found) <= len(headers)
    for series in found:
        if series.kind == "volume":
            check_volume(series)
