"""
SQL text put together from quoted parts.

In: templates, names, values. Out: SQL without parameters, as apply runs and plan prints it. I/O: none.

SQL, Identifier and Literal say what psycopg's say without a connection, and mix with them, but are
text from the beginning: a policy over a thousand tables is made of a million parts, and psycopg's are parsed,
nested, encoded and decoded again each time.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from string import Formatter
from typing import LiteralString

from psycopg import sql
from psycopg.abc import AdaptContext
from psycopg.sql import Composable

__all__ = ["SQL", "Composable", "Identifier", "Literal", "Printed", "compose", "dollar_quote", "join"]


class Printed(Composable):
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


class SQL(Printed):
    """A piece of SQL that stands in the program, or in a file of the package: never input."""

    def __init__(self, template: LiteralString) -> None:
        super().__init__(template)

    def format(self, *parts: Composable, **named: Composable) -> Printed:
        """Return the template with each ``{}``, ``{0}`` and ``{name}`` replaced by a quoted part."""
        return Printed(_fill(self.text, parts, named))

    def join(self, parts: Iterable[Composable]) -> Printed:
        """Return *parts* with this between them."""
        return Printed(self.text.join([part.as_string(None) for part in parts]))


class Identifier(Printed):
    """A name, or the parts of a qualified one."""

    def __init__(self, *names: str) -> None:
        super().__init__(".".join(['"' + name.replace('"', '""') + '"' for name in names]))


class Literal(Printed):
    """A value."""

    def __init__(self, value: object) -> None:
        if isinstance(value, str) and value.isascii() and "\\" not in value and "\0" not in value:
            super().__init__("'" + value.replace("'", "''") + "'")
        else:
            # E'…' for backslashes, a cast for a date, a blank before a negative number.
            super().__init__(sql.Literal(value).as_string(None))


def compose(template: LiteralString, *parts: Composable, **named: Composable) -> str:
    """Return *template* with each ``{}`` and ``{name}`` replaced by a quoted part."""
    return _fill(template, parts, named)


def join(parts: Iterable[Composable], separator: LiteralString = ", ") -> Printed:
    """Return *parts* with *separator* between them."""
    return SQL(separator).join(parts)


def dollar_quote(body: Composable) -> Printed:
    """Return *body* as a dollar-quoted string, with a tag that does not occur in it."""
    text = body.as_string(None)
    tag, number = "$body$", 0
    while tag in text:
        number += 1
        tag = f"$body{number}$"
    return Printed(f"{tag}\n{text.strip()}\n{tag}")


def _fill(template: str, parts: tuple[Composable, ...], named: dict[str, Composable]) -> str:
    """
    Return *template* with its fields filled.

    Raises:
        IndexError, KeyError: a part is missing.
    """
    pieces: list[str] = []
    for text, field in _parse(template):
        pieces.append(text)
        if field is not None:
            part = parts[field] if isinstance(field, int) else named[field]
            pieces.append(part.as_string(None))
    return "".join(pieces)


@lru_cache(maxsize=1024)
def _parse(template: str) -> tuple[tuple[str, int | str | None], ...]:
    """Return *template* as pieces of text, each with the number or name of the part that follows, if any."""
    pieces: list[tuple[str, int | str | None]] = []
    count = 0
    for text, field, spec, conversion in Formatter().parse(template):
        if spec or conversion:
            raise ValueError(f"no formats and conversions in SQL: {field}")
        if field == "":
            pieces.append((text, count))
            count += 1
        else:
            pieces.append((text, int(field) if field is not None and field.isdigit() else field))
    return tuple(pieces)
