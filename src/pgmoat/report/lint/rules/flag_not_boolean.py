"""PL023: flags that are stored as numbers or letters. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.evidence import show_values
from pgmoat.report.lint.flags import find_flag
from pgmoat.report.lint.remedies import map_values
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.rules.unexplained_codes import explains_codes
from pgmoat.report.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        flag = find_flag(place)
        if flag is None or explains_codes(place.comment):
            continue
        yes, no = flag
        seen = f": {show_values(place)}" if place.values else ""
        remedy = map_values(
            subject, place, ((no, "no"), (yes, "yes")), "make it a boolean, or decode it in the policy"
        )
        message = f"a flag stored as {place.column.type_name}{seen}"
        yield Remark(place.table_name, place.name, message, remedy)


RULE = Rule(
    code="PL023",
    slug="flag-not-boolean",
    title="A flag is stored as a number or a letter",
    why="A model writes WHERE discontinued, which is an error for an integer, or = 'Y' where the rows"
    " hold 1. And it cannot know that there is no third value.",
    bad="CREATE TABLE products (discontinued integer);  -- 0, 1",
    remedy="Make it a boolean; or decode it in the policy: values: {0: no, 1: yes}.",
    weight=0.2,
    find=_find,
)
