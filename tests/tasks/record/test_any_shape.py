"""Resources of any shape, as broken exports have them: read, grouped, listed and searched without a fall."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from osler.tasks.record.blocks import block_of
from osler.tasks.record.chart import open_chart
from osler.tasks.record.groups import groups_of
from osler.tasks.record.manifest import overview, type_lines
from osler.tasks.record.request import Request, retrieve
from osler.tasks.record.search import Ranking
from osler.tasks.record_sections import SECTIONS

ELEMENTS = sorted({name for section in SECTIONS for name in (*section.dates, *section.names, *section.values)})
WORDS = st.sampled_from(["id", "code", "coding", "text", "value", "unit", "system", "start", "reference", *ELEMENTS])
TEXTS = st.text(max_size=8) | st.sampled_from(
    ["2020-03-01", "2020-02-31T25:00:00Z", "0001-01-01T00:00:00+23:59", "<bos>"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
RESOURCES = st.lists(
    st.tuples(st.sampled_from([section.kind for section in SECTIONS]), st.dictionaries(WORDS, ANYTHING, max_size=6)),
    min_size=1,
    max_size=6,
)


@given(
    resources=RESOURCES,
    which=st.sampled_from(["all", "latest", "earliest", "none"]),
    since=st.sampled_from(["", "2020"]),
)
@settings(deadline=None, max_examples=150)
def test_whatever_an_export_holds_can_be_asked(tmp_path_factory, resources, which, since):
    path = tmp_path_factory.mktemp("any") / "any.ndjson"
    lines = [json.dumps({**elements, "resourceType": kind}) for kind, elements in resources]
    path.write_text("\n".join(lines))
    chart = open_chart([path])
    assert chart.num_entries + chart.num_repeated + chart.num_wrong == len(resources)
    assert len(overview(chart).splitlines()) == len(chart.entries)
    for kind, entries in chart.entries.items():
        groups = groups_of(entries)
        names = [group.name for group in groups]
        assert len(set(names)) == len(names)
        assert sum(group.count for group in groups) == len(entries)
        assert len(type_lines(groups, len(groups)).splitlines()) == len(groups)
        found = retrieve(kind, entries, Request(since=since, which=which))
        assert set(found.entries) <= set(entries)
        assert (which == "none") <= (not found.entries)
        lines = [*block_of(found).text.splitlines(), *names]
        assert "\ud800" not in json.dumps(lines) and not any("<bos>" in line for line in lines)
        Ranking([entry.line for entry in entries]).best("iron 2020", 3)
