"""
Values as people read them.

In: numbers, moments, whatever an agent wrote. Out: text; what would not be seen is made visible. I/O: none.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_KEPT = frozenset("\n\t")
_PICTURES = 0x2400
_NONE = "\N{EN DASH}"
PEOPLE = "everybody else"
UNNAMED = "(none named)"
_TIMED = frozenset(
    {"statement-timeout", "transaction-timeout", "idle-in-transaction", "prepared-transaction"}
)
"""Kinds of incidents whose limit is a time, in ms."""


def show_hidden(value: object) -> object:
    """
    Return *value* with control characters and changes of the writing direction shown and not obeyed.

    Each template passes all it prints through here, and then through HTML escaping.
    """
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(_show(character) for character in value)


def _show(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _HIDDEN:
        return character
    code = ord(character)
    return chr(_PICTURES + code) if code < 0x20 else f"⟨U+{code:04X}⟩"


def name_agent(agent: str) -> str:
    """Return how an agent is called; '' stands for everybody else."""
    return agent or PEOPLE


def name_claim(text: str | None) -> str:
    """Return a task's or a step's name; None: the session named none."""
    return UNNAMED if text is None else text


def format_seconds(seconds: float | None) -> str:
    """Return a stretch of time."""
    if seconds is None:
        return _NONE
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms" if seconds else "0 s"
    if seconds < 99.5:
        return f"{seconds:.1f} s"
    if seconds < 5_400:
        return f"{seconds / 60:.1f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.1f} d"


def format_excess(kind: str, found: float, limit: float) -> str:
    """Return how far over its limit an incident found something."""
    if kind not in _TIMED:
        return f"{found} of {limit}"
    took, allowed = (format_seconds(each / 1000).replace(".0 ", " ") for each in (found, limit))
    return f"{took}, {allowed} allowed"


def format_share(share: float | None) -> str:
    """Return a share as a percentage."""
    if share is None:
        return _NONE
    percent = share * 100
    if 0 < percent < 0.05:
        return "< 0.1 %"
    return f"{percent:.1f} %" if 0 < percent < 9.95 else f"{percent:.0f} %"


def format_error(error: float) -> str:
    """Return the error of a share in points; never less than the truth."""
    tenths = math.ceil(error * 1000)
    return f"± {tenths / 10:.1f}" if tenths < 100 else f"± {math.ceil(error * 100)}"


def format_count(number: int | None) -> str:
    """Return a number with its thousands apart."""
    return _NONE if number is None else f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def format_bytes(number: int | None) -> str:
    """Return an amount of memory."""
    size = float(number or 0)
    for unit in ("B", "kB", "MB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GB"


def format_value(value: Any) -> str:
    """Return a column's value: text as it is, the rest as JSON."""
    if value is None:
        return "NULL"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def cut(text: str, most: int | None = None) -> str:
    """Return *text*; of a longer one the beginning, and how long it is."""
    if most is None or len(text) <= most:
        return text
    return f"{text[:most]}… (cut: {format_count(len(text))} characters)"


def format_values(values: Mapping[str, Any] | None) -> str:
    """Return columns with their values."""
    return ", ".join(f"{name}={format_value(value)}" for name, value in (values or {}).items())


def format_moment(at: datetime | None) -> str:
    """Return a moment to the second, in UTC: PostgreSQL gives it in the time zone of its settings."""
    return _NONE if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def format_clock(at: datetime) -> str:
    """Return the time of day to the second, in UTC."""
    return f"{at.astimezone(UTC):%H:%M:%S}"
