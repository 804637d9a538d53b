"""PL005: columns that are numbered. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from pgmoat.catalog.snapshot import Column
from pgmoat.report.lint.evidence import join_words
from pgmoat.report.lint.remedies import describe_column
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject

_NUMBERED = re.compile(r"(.*?\D)_?(\d{1,3})(\D*)")
_LEAST = 3


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        families: dict[tuple[str, str, str], list[tuple[int, Column]]] = defaultdict(list)
        for column in table.columns:
            parts = _NUMBERED.fullmatch(column.name)
            if parts is not None and not (column.comment or "").strip():
                families[parts[1], parts[3], column.base_type_name].append((int(parts[2]), column))
        for (stem, end, _), members in families.items():
            numbers = sorted(number for number, _ in members)
            if len(numbers) < _LEAST or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
                continue
            yield Remark(
                table.table.qualified_name,
                None,
                f"{join_words([column.name for _, column in members])} are numbered,"
                " and nothing says how they differ",
                describe_column(
                    subject,
                    Place(table, members[0][1]),
                    "make them rows of a table of their own or an array, or say what each is for",
                    "….",
                ),
                detail=f"{stem}#{end}",
            )


RULE = Rule(
    code="PL005",
    slug="numbered-columns",
    title="Columns are numbered",
    why="A model has to ask all of them and does not know whether the first one is special, or where they"
    " end.",
    bad="CREATE TABLE people (phone1 text, phone2 text, phone3 text);",
    remedy="A table with a row for each, or an array. Otherwise a comment on each that says what it is for.",
    weight=0.2,
    find=_find,
)
