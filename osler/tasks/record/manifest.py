"""What a record holds, in few words: types with their counts and days, and the things that entries of a type are about.

The notebook's manifest lists "display=code" for every resource (reference/medgemma.md 6); here equal ones are one line.
"""

from collections.abc import Sequence

from osler.tasks.record.chart import Chart
from osler.tasks.record.groups import Group, groups_of
from osler.tasks.record.search import Ranking

__all__ = ["overview", "shown_groups", "type_lines"]

EXAMPLES = 8
MOST_SHOWN = 120
"""Names of one type that a model is shown: some 3,000 tokens."""


def overview(chart: Chart) -> str:
    """A line for each type of a record: how many entries, of which days, the most frequent names."""
    return "\n".join(_type_line(kind, groups_of(entries)) for kind, entries in chart.entries.items())


def _type_line(kind: str, groups: Sequence[Group]) -> str:
    days = sorted(day for group in groups for day in (group.earliest.day, group.latest.day) if day)
    when = f", {days[0]} to {days[-1]}" if days else ""
    names = "; ".join(group.name for group in groups[:EXAMPLES])
    more = f"; and {len(groups) - EXAMPLES} others" if len(groups) > EXAMPLES else ""
    count = sum(group.count for group in groups)
    return f"- {kind}: {count} {'entry' if count == 1 else 'entries'}{when} ({names}{more})"


def shown_groups(groups: Sequence[Group], question: str) -> tuple[Group, ...]:
    """The groups whose names are shown: all, else those that share words with the question, then the most frequent."""
    if len(groups) <= MOST_SHOWN:
        return tuple(groups)
    scores = Ranking([group.name for group in groups]).scores(question)
    places = sorted(range(len(groups)), key=lambda place: (-scores[place], place))[:MOST_SHOWN]
    return tuple(groups[place] for place in sorted(places))


def type_lines(shown: Sequence[Group], num_groups: int) -> str:
    """A line for each thing that entries of a type are about."""
    lines = [f"- {group.name}: {group.count}, {group.days}" for group in shown]
    hidden = num_groups - len(shown)
    return "\n".join([*lines, f"- and {hidden} names that are not shown"] if hidden else lines)
