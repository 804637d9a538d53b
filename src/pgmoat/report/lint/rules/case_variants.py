"""PL022: one word in several spellings. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pgmoat.report.lint.remedies import update_values
from pgmoat.report.lint.rule import Remark, Remedy, Rule
from pgmoat.report.lint.subject import Place, Subject, is_view
from pgmoat.report.survey.snapshot import ValueCount

_SHOWN = 3


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        if place.column.type_category != "S" or place.is_unique:
            continue
        groups = _group(place)
        if groups:
            yield _remark(subject, place, groups)


def _group(place: Place) -> list[list[ValueCount]]:
    """Return the values that differ only in case and spaces, of a column with few values that come back."""
    if place.sample is None or 2 * place.sample.distinct > place.sample.rows - place.sample.nulls:
        return []
    spellings: dict[str, list[ValueCount]] = defaultdict(list)
    for seen in place.sample.values:
        spellings[" ".join(seen.value.casefold().split())].append(seen)
    return [group for word, group in spellings.items() if word and len(group) > 1]


def _remark(subject: Subject, place: Place, groups: list[list[ValueCount]]) -> Remark:
    shown = "; ".join(
        " and ".join(f"'{seen.value}' ({seen.rows:,})" for seen in _sort(group)) for group in groups[:_SHOWN]
    )
    best = max(groups[0], key=lambda seen: (seen.value == seen.value.strip(), seen.rows, seen.value)).value
    sql = update_values(place, [seen.value for seen in groups[0] if seen.value != best], best)
    return Remark(
        place.table_name,
        place.name,
        f"one word in several spellings: {shown}",
        Remedy(
            "keep one spelling of each, and a CHECK or an enum that holds it",
            "" if subject.is_policy or is_view(place.table) else sql,
        ),
    )


def _sort(group: list[ValueCount]) -> list[ValueCount]:
    return sorted(group, key=lambda seen: (-seen.rows, seen.value))


RULE = Rule(
    code="PL022",
    slug="case-variants",
    title="One word is written in several ways",
    why="WHERE status = 'active' finds a part of the rows, and nothing tells the model that it missed the"
    " others.",
    bad="INSERT INTO orders (status) VALUES ('active'), ('Active'), ('ACTIVE ');",
    remedy="Bring the rows to one spelling, then hold it with a CHECK, an enum or a lookup table.",
    weight=0.25,
    find=_find,
    needs_data=True,
)
