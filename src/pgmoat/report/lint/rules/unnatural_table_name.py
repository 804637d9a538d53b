"""PL001: names of tables that nobody can read. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.names import hints_of, is_cryptic, say_cryptic, suggest_legible
from pgmoat.report.lint.remedies import rename_table
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        name, hints = table.table.name, hints_of(table)
        if not is_cryptic(name, hints):
            continue
        has_comment = bool((table.table.comment or "").strip())
        legible = suggest_legible(name, hints)
        yield Remark(
            table.table.qualified_name,
            None,
            say_cryptic(name, hints) + ("; only its comment helps" if has_comment else ""),
            rename_table(subject, table, legible, "let agents see it under a name in full words"),
            share=0.5 if has_comment else 1.0,
        )


RULE = Rule(
    code="PL001",
    slug="unnatural-table-name",
    title="A table's name cannot be read",
    why="A model picks the tables of a query by their names. The more cryptic they are, the fewer of its"
    " queries ask the right ones: SNAILS (SIGMOD 2025) measured that for names of three levels,"
    " regular, low and least. A comment helps where it is read.",
    bad="CREATE TABLE tblxrfc (…);",
    remedy="A name in full words: in the policy, where it costs people nothing, or in the database.",
    weight=0.5,
    find=_find,
)
