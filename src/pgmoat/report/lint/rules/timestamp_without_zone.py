"""PL050: timestamps without a time zone. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgmoat.report.lint.keywords import quote, quote_qualified
from pgmoat.report.lint.remedies import describe_column
from pgmoat.report.lint.rule import Remark, Remedy, Rule
from pgmoat.report.lint.subject import Subject, is_view

_SAYS_ZONE = re.compile(r"\b(utc|gmt|time ?zone|local time|zulu)\b", re.IGNORECASE)


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        if place.column.base_type_name != "timestamp" or _SAYS_ZONE.search(place.comment):
            continue
        told = describe_column(subject, place, "say in which zone its times are", "In UTC. …")
        sql = (
            f"ALTER TABLE {quote_qualified(place.table_name)} ALTER {quote(place.name)}"
            f" TYPE timestamptz USING {quote(place.name)} AT TIME ZONE 'UTC'"
        )
        can_alter = not subject.is_policy and not is_view(place.table)
        yield Remark(
            place.table_name,
            place.name,
            f"{place.column.type_name}: nothing says in which time zone",
            Remedy(
                f"make it timestamptz, or {told.words}" if can_alter else told.words,
                sql if can_alter else told.sql,
                told.policy,
            ),
        )


RULE = Rule(
    code="PL050",
    slug="timestamp-without-zone",
    title="A timestamp has no time zone",
    why="A model compares it with now(), which has a zone, and is off by hours. Nothing in the schema"
    " tells it whose wall clock the value was read from.",
    bad="CREATE TABLE orders (created_at timestamp);",
    remedy="ALTER the column to timestamptz, with the zone that its values are in; the table is rewritten"
    " unless the session's zone is UTC. Where that cannot be, say the zone in the comment.",
    weight=0.1,
    find=_find,
)
