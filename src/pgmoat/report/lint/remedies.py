"""
What mends a finding, as SQL for the database and as lines of the policy.

In: a place, what it should be. Out: Remedy. I/O: none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from pgmoat.report.lint.keywords import quote, quote_qualified
from pgmoat.report.lint.rule import Remedy
from pgmoat.report.lint.subject import Place, Subject
from pgmoat.report.survey.snapshot import SurveyedTable

_PLAIN_YAML = re.compile(r"[A-Za-z_][A-Za-z0-9_ ]*")
_YAML_WORDS = frozenset(["true", "false", "yes", "no", "on", "off", "null", "y", "n"])


def rename_column(subject: Subject, place: Place, name: str, words: str = "") -> Remedy:
    """Return how agents get to see the column under *name*; people's programs go on with the old one."""
    is_taken = name != place.name and place.table.table.column(name) is not None
    said = words or f"let agents see it as {name}"
    if is_taken:
        said += f", or another name: {name} is taken"
    return Remedy(said, policy=f"{_key(subject, place)}: {{name: {render_yaml('…' if is_taken else name)}}}")


def rename_table(subject: Subject, table: SurveyedTable, name: str, words: str = "") -> Remedy:
    """Return how agents get to see the table under *name*."""
    qualified = table.table.qualified_name
    origin = subject.origins.get(qualified)
    base = origin.table if origin is not None else qualified
    said = words or f"let agents see it as {name}"
    return Remedy(said, policy=f"{render_yaml(name)}: {{table: {render_yaml(base)}, …}}")


def describe_column(subject: Subject, place: Place, words: str, text: str) -> Remedy:
    """Return how to document the column; *text* is what to fill in."""
    return Remedy(
        words,
        sql=""
        if subject.is_policy
        else f"COMMENT ON COLUMN {quote_qualified(place.table_name)}.{quote(place.name)} IS {literal(text)}",
        policy=f"{_key(subject, place)}: {{doc: {render_yaml(text)}}}",
    )


def describe_table(subject: Subject, table: SurveyedTable, words: str, text: str) -> Remedy:
    """Return how to document the table."""
    name = table.table.qualified_name
    return Remedy(
        words,
        sql="" if subject.is_policy else f"COMMENT ON TABLE {quote_qualified(name)} IS {literal(text)}",
        policy=f"doc: {render_yaml(text)}",
    )


def map_values(subject: Subject, place: Place, values: Iterable[tuple[str, str]], words: str) -> Remedy:
    """Return how to decode the column's codes for agents."""
    pairs = ", ".join(f"{render_yaml(code)}: {render_yaml(word)}" for code, word in values)
    return Remedy(words, policy=f"{_key(subject, place)}: {{values: {{{pairs}}}}}")


def reference(subject: Subject, place: Place, table: str, column: str, words: str) -> Remedy:
    """Return how to say which table the column points to."""
    sql = (
        f"ALTER TABLE {quote_qualified(place.table_name)} ADD FOREIGN KEY ({quote(place.name)})"
        f" REFERENCES {quote_qualified(table)} ({quote(column)}) NOT VALID"
    )
    entity = table.partition(".")[2]
    policy = f"{_key(subject, place)}: {{references: {render_yaml(entity)}}}"
    return Remedy(words, "" if subject.is_policy else sql, policy)


def literal(text: str) -> str:
    """Return *text* as a SQL literal, for people to read and paste."""
    quoted = "'" + text.replace("'", "''") + "'"
    return "E" + quoted.replace("\\", "\\\\") if "\\" in text else quoted


def render_yaml(text: str) -> str:
    """Return *text* as a YAML scalar of a flow mapping; quoted where it could be read as something else."""
    is_plain = _PLAIN_YAML.fullmatch(text.replace(".", "_")) is not None and text.lower() not in _YAML_WORDS
    is_integer = re.fullmatch(r"-?(0|[1-9][0-9]*)", text) is not None
    return text if (is_plain and text == text.strip()) or is_integer else json.dumps(text, ensure_ascii=False)


def _key(subject: Subject, place: Place) -> str:
    return render_yaml(subject.base_column(place.table_name, place.name))


def update_values(place: Place, old: Sequence[str], new: str | None) -> str:
    """Return the UPDATE that brings *old* values to *new*, for people to read and paste."""
    column = quote(place.name)
    value = "NULL" if new is None else literal(new)
    table = quote_qualified(place.table_name)
    found = ", ".join(literal(part) for part in old)
    return f"UPDATE {table} SET {column} = {value} WHERE {column} IN ({found})"  # noqa: S608 - shown, not run
