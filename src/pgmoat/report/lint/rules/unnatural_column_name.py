"""PL002: names of columns that nobody can read. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.names import hints_of, is_cryptic, say_cryptic, suggest_legible
from pgmoat.report.lint.remedies import rename_column
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        hints = hints_of(table)
        for column in table.columns:
            if not is_cryptic(column.name, hints, column.type_name):
                continue
            place = Place(table, column)
            legible = suggest_legible(column.name, hints, column.type_name)
            yield Remark(
                place.table_name,
                column.name,
                say_cryptic(column.name, hints) + ("; only its comment helps" if place.comment else ""),
                rename_column(subject, place, legible, "let agents see it under a name in full words"),
                share=0.5 if place.comment else 1.0,
            )


RULE = Rule(
    code="PL002",
    slug="unnatural-column-name",
    title="A column's name cannot be read",
    why="A model picks the columns of a query by their names, and takes the wrong one where it cannot"
    " read the right one. A comment helps where it is read.",
    bad="CREATE TABLE orders (xfrcd text, zq3 integer);",
    remedy="A name in full words: in the policy, where it costs people nothing, or in the database.",
    weight=0.5,
    find=_find,
)
