"""PL030: tables without a comment. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.remedies import describe_table
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Subject
from pgmoat.report.survey.snapshot import SurveyedTable


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        if (table.table.comment or "").strip() or _is_link(table):
            continue
        origin = subject.origins.get(table.table.qualified_name)
        known = origin.comment if origin is not None else ""
        remedy = describe_table(subject, table, "say what one row is", known or "One row per ….")
        what = "doc" if subject.is_policy else "comment"
        hidden = "; agents do not see the table's comment" if known else ""
        yield Remark(table.table.qualified_name, None, f"no {what} says what one row is{hidden}", remedy)


def _is_link(table: SurveyedTable) -> bool:
    """Whether it links others and holds nothing more: its foreign keys say what a row is."""
    held = {column for key in table.foreign_keys for column in key.columns}
    others = [column for column in table.columns if column.name not in held]
    return len(table.foreign_keys) > 1 and all(column.type_category == "D" for column in others)


RULE = Rule(
    code="PL030",
    slug="table-comment-missing",
    title="No comment says what a row is",
    why="A model guesses from the name whether a row is an order, a line of one, or a day's total of"
    " them, and counts the wrong thing.",
    bad="CREATE TABLE order_details (…);  -- and no COMMENT ON TABLE",
    remedy="COMMENT ON TABLE, or doc in the policy: what one row is, and what is left out of it. A table"
    " that only links others by foreign keys needs none.",
    weight=0.25,
    find=_find,
)
