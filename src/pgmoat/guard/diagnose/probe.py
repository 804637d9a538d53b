"""
Questions to PostgreSQL, asked one after another by whoever has a connection.

In: queries as trees. Out: Probes, and what is made of their answers. I/O: none.

A diagnosis is a generator: it yields Probes, and is sent the rows of each, or None where a probe could not be
answered. It draws no conclusion from None.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from pgmoat.guard.deparse import RenderError, render_expression, render_statement
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import make_column, number_parameters, transform
from pgmoat.policy.access import Access

_Found = TypeVar("_Found")
_SHOWN = 160
_QUOTED = 100
_MARK = "pgmoat_parameter_"
_PARAMETER = re.compile(rf"{_MARK}(\d+)")


@dataclass(frozen=True, slots=True)
class Probe:
    """A SELECT with $1 and so on, and its values."""

    text: str
    values: tuple[Any, ...] = ()


Rows: TypeAlias = list[tuple[Any, ...]]
Steps: TypeAlias = Generator[Probe, Rows | None, _Found]


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of the caller, and the values that its statement has for $1 and so on."""

    schema: str
    entities: Mapping[str, Access]
    values: tuple[Any, ...] = ()

    def find(self, relation: Node) -> Access | None:
        """Return the rights on a table of the statement; None where it is no entity."""
        if relation.text("catalogname") or relation.text("schemaname") not in {"", self.schema}:
            return None
        return self.entities.get(relation.text("relname"))


def ask(case: Case, query: Node) -> Steps[Rows | None]:
    """Return the rows of *query*; None where there is no answer."""
    try:
        numbered, used = number_parameters(query)
        probe = Probe(render_statement(numbered), tuple(case.values[number - 1] for number in used))
    except (RenderError, LookupError):
        return None
    return (yield probe)


def exists(case: Case, query: Node) -> Steps[bool | None]:
    """Return whether *query* has rows; None where there is no answer."""
    rows = yield from ask(case, query)
    return None if rows is None else bool(rows)


def show(node: Node) -> str:
    """Return an expression as it is shown in a message; :func:`fill_in` puts the parameters' values there."""
    try:
        text = render_expression(transform(node, _mark_parameter))
    except RenderError:
        return "a condition"
    return cut(text, _SHOWN)


def cut(text: str, letters: int) -> str:
    """Return a text that is no longer than *letters*; what is left out is a sign."""
    return text if len(text) <= letters else f"{text[:letters]}…"


def quote(text: str) -> str:
    """Return a value as it is quoted in a message: its beginning."""
    return repr(cut(text, _QUOTED))


def fill_in(case: Case, text: str) -> str:
    """Return a message with the values of the parameters."""

    def find(match: re.Match[str]) -> str:
        number = int(match[1])
        value = case.values[number - 1] if 0 < number <= len(case.values) else f"${number}"
        shown = repr(value) if isinstance(value, str) else "NULL" if value is None else str(value)
        return cut(shown, _SHOWN)

    return _PARAMETER.sub(find, text)


def _mark_parameter(node: Node) -> Node | None:
    return make_column(f"{_MARK}{node.fields.get('number', 0)}") if node.kind == "ParamRef" else None
