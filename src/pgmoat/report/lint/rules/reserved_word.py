"""PL006: names that are reserved words. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.keywords import RESERVED
from pgmoat.report.lint.names import avoid_reserved
from pgmoat.report.lint.remedies import rename_column, rename_table
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Subject

_WORDS = "let agents see it under another name"


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        name = table.table.name
        if name in RESERVED:
            remedy = rename_table(subject, table, avoid_reserved(name), _WORDS)
            yield Remark(table.table.qualified_name, None, f"{name} is a reserved word of SQL", remedy)
    for place in subject.places:
        if place.name in RESERVED:
            legible = avoid_reserved(place.name, place.table.table.name)
            remedy = rename_column(subject, place, legible, _WORDS)
            yield Remark(place.table_name, place.name, f"{place.name} is a reserved word of SQL", remedy)


RULE = Rule(
    code="PL006",
    slug="reserved-word",
    title="A name is a reserved word",
    why="It has to be quoted each time. A model that forgets the quotes gets a syntax error at best; user"
    " without quotes is the name of the session's role.",
    bad='CREATE TABLE "user" ("order" integer);',
    remedy="Give it another name, in the database or in the policy.",
    weight=0.25,
    find=_find,
)
