"""PL011: things that look left behind. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgmoat.report.lint.names import words_of
from pgmoat.report.lint.remedies import describe_column, describe_table
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Subject
from pgmoat.report.lint.vocabulary import LEFTOVER_WORDS

_DATED = re.compile(r".*_(19|20)\d\d[01]\d([0-3]\d)?")
_WORDS = "drop it if nobody needs it, leave it out of the policy, or say what it is for"


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        name = table.table.name
        if not (table.table.comment or "").strip() and (_is_leftover(name) or _DATED.fullmatch(name)):
            remedy = describe_table(subject, table, _WORDS, "Kept for ….")
            message = f"{name} looks left behind: is it the one to ask?"
            yield Remark(table.table.qualified_name, None, message, remedy)
    for place in subject.places:
        if not place.comment and _is_leftover(place.name):
            remedy = describe_column(subject, place, _WORDS, "Kept for ….")
            message = f"{place.name} looks left behind: is it the one to ask?"
            yield Remark(place.table_name, place.name, message, remedy)


def _is_leftover(name: str) -> bool:
    words = words_of(name)
    return len(words) > 1 and bool(LEFTOVER_WORDS & {words[0], words[-1]}) and words[0] not in ("is", "has")


RULE = Rule(
    code="PL011",
    slug="leftover-name",
    title="A name looks left behind",
    why="With customers and customers_old side by side a model cannot tell which one holds the truth, and"
    " may ask both.",
    bad="CREATE TABLE customers_old (…); CREATE TABLE orders_bak_20240131 (…);",
    remedy="Drop it, move it to a schema that agents do not see, leave it out of the policy, or say in a"
    " comment what it is for.",
    weight=0.3,
    find=_find,
)
