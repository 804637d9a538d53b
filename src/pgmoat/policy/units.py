"""
Durations and sizes as people write them.

In: ``5s``, ``10m``, ``16MB``. Out: whole milliseconds, whole bytes. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

DURATION_PATTERN = r"^[0-9]{1,12}(ms|s|m|h|d)$"
SIZE_PATTERN = r"^[0-9]{1,12}(B|kB|MB|GB|TB)$"

_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_BYTES = {"B": 1, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}


def parse_milliseconds(value: Any) -> int:
    """
    Return the milliseconds of a duration such as ``500ms``, ``5s``, ``10m``, ``1h`` or ``2d``.

    Raises:
        ValueError: not a duration, or a bare number: whose unit nobody can tell by reading.
    """
    return _parse(value, _MILLISECONDS, kind="duration", example="5s", number_unit="s")


def parse_bytes(value: Any) -> int:
    """
    Return the bytes of a size such as ``64kB``, ``16MB`` or ``1GB``, in multiples of 1024 as in PostgreSQL.

    Raises:
        ValueError: not a size, or a bare number: whose unit nobody can tell by reading.
    """
    return _parse(value, _BYTES, kind="size", example="16MB", number_unit="MB")


def render_milliseconds(milliseconds: int) -> str:
    """Return the shortest duration that :func:`parse_milliseconds` reads back: 900000 is ``15m``."""
    return _render(milliseconds, _MILLISECONDS)


def render_bytes(size: int) -> str:
    """Return the shortest size that :func:`parse_bytes` reads back: 65536 is ``64kB``."""
    return _render(size, _BYTES)


def _parse(value: Any, units: Mapping[str, int], *, kind: str, example: str, number_unit: str) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(f"write a unit: {value}{number_unit}, say, not {value}")  # noqa: TRY004  pydantic's contract
    match = re.fullmatch(r"([0-9]{1,12})([A-Za-z]*)", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"expected a {kind} such as {example}: a whole number and a unit, without a space")
    number, unit = match.groups()
    if not unit:
        raise ValueError(f"write a unit: {number}{number_unit}, say, not '{number}'")
    if unit not in units:
        raise ValueError(f"'{unit}' is not a unit of {kind}: write one of {', '.join(units)}")
    return int(number) * units[unit]


def _render(amount: int, units: Mapping[str, int]) -> str:
    unit = next(unit for unit in reversed(list(units)) if amount % units[unit] == 0)
    return f"{amount // units[unit]}{unit}"
