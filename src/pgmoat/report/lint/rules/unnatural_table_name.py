"""PL001: names of tables that nobody can read. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.names import Level, level_of, spell_out, words_in_context
from pgmoat.report.lint.remedies import rename_table
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Subject


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        name = table.table.name
        if level_of(name) is not Level.LEAST:
            continue
        comment = (table.table.comment or "").strip()
        legible = spell_out(name, words_in_context(table))
        is_better = level_of(legible) is not Level.LEAST and legible != name.lower()
        yield Remark(
            table.table.qualified_name,
            None,
            f"{name} cannot be read" + ("; only its comment helps" if comment else ""),
            rename_table(subject, table, legible if is_better else "…", "let agents see it under a name in full words"),
            share=0.5 if comment else 1.0,
        )


RULE = Rule(
    code="PL001",
    slug="unnatural-table-name",
    title="A table's name cannot be read",
    why="A model picks the tables of a query by their names. Least natural names cost it a third of its right answers"
    " in the measurements of SNAILS (SIGMOD 2025); a comment helps where it is read.",
    bad="CREATE TABLE tblxrfc (…);",
    remedy="A name in full words: in the policy, where it costs people nothing, or in the database.",
    weight=0.5,
    find=_find,
)
