"""PL003: names with abbreviations. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.names import Level, level_of, list_expansions, spell_out, words_in_context
from pgmoat.report.lint.remedies import rename_column, rename_table
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        name = table.table.name
        expansions = list_expansions(name, words_in_context(table))
        if expansions and level_of(name) is not Level.LEAST:
            legible = spell_out(name, words_in_context(table))
            remedy = rename_table(subject, table, legible)
            yield Remark(table.table.qualified_name, None, _say(name, expansions), remedy)
    for place in subject.places:
        context = words_in_context(place.table)
        expansions = list_expansions(place.name, context, place.column.type_name)
        if expansions and level_of(place.name) is not Level.LEAST:
            legible = spell_out(place.name, context, place.column.type_name)
            remedy = rename_column(subject, place, legible)
            share = 0.5 if place.comment else 1.0
            yield Remark(place.table_name, place.name, _say(place.name, expansions), remedy, share=share)


def _say(name: str, expansions: tuple[tuple[str, str], ...]) -> str:
    said = ", ".join(f"{short} for {full}" for short, full in expansions)
    return f"{name} abbreviates: {said}"


RULE = Rule(
    code="PL003",
    slug="abbreviation",
    title="A name is abbreviated",
    why="A model reads most abbreviations, and some of them wrong: desc is a description or descending, no is a number"
    " or a no. Asked in full words, it also misses that cust_nm is what it looks for.",
    bad="CREATE TABLE ord_hdr (cust_id integer, ship_dt date);",
    remedy="The words in full: in the policy, where it costs people nothing, or in the database.",
    weight=0.15,
    find=_find,
)
