"""PL007: names that need quotes for their letters. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.keywords import is_plain
from pgmoat.report.lint.names import to_snake
from pgmoat.report.lint.remedies import rename_column, rename_table
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        name = table.table.name
        if not is_plain(name):
            yield Remark(
                table.table.qualified_name, None, _say(name), rename_table(subject, table, to_snake(name))
            )
    for place in subject.places:
        if not is_plain(place.name):
            remedy = rename_column(subject, place, to_snake(place.name))
            yield Remark(place.table_name, place.name, _say(place.name), remedy)


def _say(name: str) -> str:
    if name != name.lower():
        return f"{name} has capital letters: without quotes PostgreSQL looks for {name.lower()}"
    odd = next(
        (letter for letter in name if not (letter.isascii() and (letter.isalnum() or letter in "_$"))), ""
    )
    if odd:
        shown = "a space" if odd == " " else odd
        return f"{name} holds {shown}: it has to be quoted each time"
    return f"{name} begins with a digit: it has to be quoted each time"


RULE = Rule(
    code="PL007",
    slug="mixed-case",
    title="A name needs quotes for its letters",
    why="PostgreSQL folds what is not quoted to lower case. A model that writes CustomerId finds no such"
    " column.",
    bad='CREATE TABLE "Orders" ("CustomerId" integer);',
    remedy="Name it in lower case with underscores, in the database or in the policy.",
    weight=0.2,
    find=_find,
)
