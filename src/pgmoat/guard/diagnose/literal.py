"""
The values that a statement asks for.

In: Nodes, bound values. Out: Literals. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, cast
from uuid import UUID

from pgmoat.guard.diagnose.probe import Case, quote
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import make_text

_PLAIN = (str, int, float, Decimal, date, time, UUID)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?")


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant or parameter: its text, None for NULL, and how to write it in a query."""

    text: str | None
    node: Node

    @property
    def is_day(self) -> bool:
        """Whether it is a date, or the midnight that a date becomes."""
        text = self.text or ""
        return bool(_DATE.fullmatch(text) or re.fullmatch(r"\d{4}-\d\d-\d\d[ T]00:00(:00(\.0+)?)?", text))

    def is_above(self, other: Literal) -> bool:
        """Whether it is more than *other*, whatever type they are given: numbers, or dates."""
        if self.text is None or other.text is None:
            return False
        try:
            return Decimal(self.text) > Decimal(other.text)
        except InvalidOperation:
            texts = (self.text.strip(), other.text.strip())
        if not all(_MOMENT.fullmatch(text) for text in texts):
            return False
        return texts[0].replace("T", " ") > texts[1].replace("T", " ")


def show_text(text: str) -> str:
    """Return a value as SQL would have it: a number plain, anything else in quotes."""
    return text if _NUMBER.fullmatch(text) else quote(text)


def read_literal(case: Case, node: Node | None) -> Literal | None:
    """Return what *node* stands for; None where it is no constant."""
    if node is None:
        return None
    if node.kind == "TypeCast":
        inner = read_literal(case, node.node("arg"))
        return None if inner is None else Literal(inner.text, node)
    if node.kind == "ParamRef":
        return _read_parameter(case, node)
    if node.kind == "A_Const":
        return Literal(_read_constant(node), node)
    return None


def read_literals(case: Case, node: Node | None) -> tuple[Literal, ...] | None:
    """Return the values of a list, an array or a parameter that is one; None where some are no constants."""
    if node is None:
        return None
    if node.kind == "ParamRef":
        value = _find_value(case, node)
        if isinstance(value, list):
            return tuple(_list_values(cast("list[object]", value)))
    if node.kind == "TypeCast":
        return read_literals(case, node.node("arg"))
    items = node.nodes("items") or node.nodes("elements")
    found = [read_literal(case, item) for item in items]
    kept = tuple(item for item in found if item is not None)
    return kept if kept and len(kept) == len(found) else None


def _list_values(values: list[object]) -> Iterator[Literal]:
    for value in values:
        if value is None:
            yield Literal(None, Node("A_Const", {"isnull": True}))
        elif isinstance(value, _PLAIN):
            yield Literal(_print(value), make_text(_print(value)))


def _read_parameter(case: Case, node: Node) -> Literal | None:
    value = _find_value(case, node)
    if value is None:
        return Literal(None, node)
    return Literal(_print(value), node) if isinstance(value, _PLAIN) else None


def _find_value(case: Case, node: Node) -> Any:
    number = node.fields.get("number", 0)
    return case.values[number - 1] if isinstance(number, int) and 0 < number <= len(case.values) else ...


def _print(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)


def _read_constant(node: Node) -> str | None:
    if node.flag("isnull"):
        return None
    if "sval" in node.fields:
        return node.text("sval")
    number, flag, real = node.node("ival"), node.node("boolval"), node.node("fval")
    if number is not None:
        return str(number.fields.get("ival", 0))
    if flag is not None:
        return "true" if flag.flag("boolval") else "false"
    return real.text("fval") if real is not None else node.text("sval")
