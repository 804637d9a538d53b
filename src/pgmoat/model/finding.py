"""
What a check found, and where in the policy file.

I/O: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PolicyPath = tuple[str | int, ...]
"""Where something stands in the policy: ``("entities", "orders", "columns", "stat_cd")``."""


class Severity(StrEnum):
    """How much a finding weighs: an error blocks plan and apply, the others are only said."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: a stable code, the place in the policy, what is wrong, the remedy, and a second place."""

    severity: Severity
    code: str
    path: PolicyPath
    message: str
    hint: str = ""
    also: PolicyPath | None = None

    @property
    def dotted_path(self) -> str:
        """The path as a person reads it: ``entities.orders.columns.stat_cd``."""
        return ".".join(str(part) for part in self.path)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding with the place that it is reported at."""

    place: Place
    finding: Finding
