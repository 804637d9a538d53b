"""PL053: JSON that is stored as text. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgmoat.report.lint.evidence import show_percent
from pgmoat.report.lint.keywords import quote, quote_qualified
from pgmoat.report.lint.rule import Remark, Remedy, Rule
from pgmoat.report.lint.subject import Subject, is_view
from pgmoat.report.lint.texts import NEARLY_ALL, share_of

_VALUES = re.compile(r"\{\s*(\"[^\"]+\"\s*:.*)?\}|\[\s*([\[{\"\d-].*)?\]", re.DOTALL)
_SHAPES = re.compile(r"(\{\"|\{\}|\[\{\"|\[\"|\[\]).*", re.DOTALL)


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        share = share_of(place, _VALUES, _SHAPES)
        if share < NEARLY_ALL or "json" in place.comment.lower():
            continue
        column = quote(place.name)
        sql = (
            f"ALTER TABLE {quote_qualified(place.table_name)} ALTER {column} TYPE jsonb USING {column}::jsonb"
        )
        yield Remark(
            place.table_name,
            place.name,
            f"JSON in {place.column.type_name} ({show_percent(share)} of the sampled texts)",
            Remedy(
                "make it jsonb, and say which keys there are",
                "" if subject.is_policy or is_view(place.table) else sql,
            ),
        )


RULE = Rule(
    code="PL053",
    slug="json-as-text",
    title="JSON is stored as text",
    why="A model does not see that there are keys to ask for, and searches with LIKE.",
    bad="""CREATE TABLE events (payload text);  -- '{"kind": "login"}'""",
    remedy="ALTER the column to jsonb, and say in the comment which keys there are.",
    weight=0.15,
    find=_find,
    needs_data=True,
)
