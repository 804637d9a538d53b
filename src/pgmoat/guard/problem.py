"""
What the guard says about a statement, and what the statement is for.

I/O: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Use(StrEnum):
    """What the caller wants of a statement: rows, or changes."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a statement is not sent: a stable code, what is wrong, the remedy, and where in the text."""

    rule: str
    message: str
    hint: str
    position: int | None  # in characters, from 1, as PostgreSQL counts
