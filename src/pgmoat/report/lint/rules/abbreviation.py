"""PL003: names with abbreviations. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.names import hints_of, is_cryptic, list_abbreviations, make_legible
from pgmoat.report.lint.remedies import rename_column, rename_table
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        hints, name = hints_of(table), table.table.name
        found = () if is_cryptic(name, hints) else list_abbreviations(name, hints)
        if found:
            remedy = rename_table(subject, table, make_legible(name, hints))
            yield Remark(table.table.qualified_name, None, _say(name, found), remedy)
        for column in table.columns:
            found = (
                ()
                if is_cryptic(column.name, hints, column.type_name)
                else list_abbreviations(column.name, hints, column.type_name)
            )
            if found:
                place = Place(table, column)
                remedy = rename_column(
                    subject,
                    place,
                    make_legible(column.name, hints, make_legible(name, hints), column.type_name),
                )
                share = 0.5 if place.comment else 1.0
                yield Remark(place.table_name, column.name, _say(column.name, found), remedy, share=share)


def _say(name: str, found: tuple[tuple[str, str], ...]) -> str:
    return f"{name} abbreviates: {', '.join(f'{short} for {full}' for short, full in found)}"


RULE = Rule(
    code="PL003",
    slug="abbreviation",
    title="A name is abbreviated",
    why="A model reads most abbreviations, and some of them wrong: desc is a description or descending,"
    " no is a number or a no. And where it is asked in full words, it misses that cust_nm is what it"
    " looks for.",
    bad="CREATE TABLE ord_hdr (cust_id integer, ship_dt date);",
    remedy="The words in full: in the policy, where it costs people nothing, or in the database.",
    weight=0.2,
    find=_find,
)
