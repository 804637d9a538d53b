"""
SQL text put together from quoted parts.

In: a template, Composables. Out: SQL without parameters, as apply runs and plan prints it. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString

from psycopg import sql
from psycopg.abc import AdaptContext


class Printed(sql.Composable):
    """SQL text that needs no quoting any more: PostgreSQL printed it, or we composed it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def as_bytes(self, context: AdaptContext | None = None) -> bytes:
        """Return the text, encoded."""
        return self.text.encode()

    def as_string(self, context: AdaptContext | None = None) -> str:
        """Return the text."""
        return self.text


def compose(template: LiteralString, *parts: sql.Composable, **named: sql.Composable) -> str:
    """Return *template* with each ``{}`` and ``{name}`` replaced by a quoted part."""
    return sql.SQL(template).format(*parts, **named).as_string(None)


def join(parts: Iterable[sql.Composable], separator: LiteralString = ", ") -> sql.Composed:
    """Return *parts* with *separator* between them."""
    return sql.SQL(separator).join(parts)


def dollar_quote(body: sql.Composable) -> Printed:
    """Return *body* as a dollar-quoted string, with a tag that does not occur in it."""
    text = body.as_string(None)
    tag, number = "$body$", 0
    while tag in text:
        number += 1
        tag = f"$body{number}$"
    return Printed(f"{tag}\n{text.strip()}\n{tag}")
