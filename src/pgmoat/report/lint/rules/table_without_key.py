"""PL040: tables whose rows nothing identifies. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.evidence import join_words
from pgmoat.report.lint.keywords import quote, quote_qualified
from pgmoat.report.lint.rule import Remark, Remedy, Rule
from pgmoat.report.lint.subject import Place, Subject, is_view
from pgmoat.report.survey.snapshot import SurveyedTable


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        if is_view(table) or table.table.kind == "f" or not table.columns:
            continue
        if any(index.predicate is None and index.columns for index in table.table.unique_indexes):
            continue
        yield _remark(subject, table)


def _remark(subject: Subject, table: SurveyedTable) -> Remark:
    name = table.table.qualified_name
    candidates = _find_candidates(table)
    rows = max((sample.rows for sample in table.samples.values()), default=0)
    found = f"; {join_words(candidates)} would do: unique in {rows:,} rows" if candidates else ""
    column = candidates[0] if candidates else "…"
    base = subject.base_column(name, column)
    sql = f"ALTER TABLE {quote_qualified(name)} ADD PRIMARY KEY ({quote(column) if candidates else column})"
    return Remark(
        name,
        None,
        f"no primary key and no unique index{found}",
        Remedy(
            "name the key in the policy" if subject.is_policy else "add a primary key",
            "" if subject.is_policy else sql,
            f"key: [{base}]",
        ),
    )


def _find_candidates(table: SurveyedTable) -> list[str]:
    """Return the columns that have another value in each row of the whole table."""
    places = (Place(table, column) for column in table.columns)
    return [
        place.name
        for place in places
        if place.sample is not None
        and place.sample.is_whole
        and place.sample.rows > 1
        and place.sample.nulls == 0
        and place.sample.distinct == place.sample.rows
        and place.column.base_type_name in {"int2", "int4", "int8", "uuid", "text", "varchar", "bpchar"}
    ]


RULE = Rule(
    code="PL040",
    slug="table-without-key",
    title="Nothing identifies a row",
    why="A model cannot say which row it means: an UPDATE meant for one row hits its doubles too, and a"
    " join multiplies rows.",
    bad="CREATE TABLE payments (customer_id integer, amount numeric);",
    remedy="Add a primary key. Where that cannot be, name the columns that identify a row as the entity's"
    " key in the policy.",
    weight=0.3,
    find=_find,
)
