"""
What a check is, and what comes of it.

In: checks, the facts that they judge. Out: Diagnoses. I/O: none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

Facts = TypeVar("Facts")


class Status(StrEnum):
    """How it stands: a warning or an error is a finding; unknown could not be looked at."""

    OK = "ok"
    UNKNOWN = "unknown"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Area(StrEnum):
    """What the report is grouped by, in its order."""

    SERVER = "server"
    PRIVILEGES = "privileges"
    EXTENSIONS = "extensions"
    SETTINGS = "settings"
    POOLER = "pooler"
    DRIFT = "drift"
    CLOCK = "clock"
    CODES = "codes"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Remark:
    """What a check has to say: how it stands, why, and the remedy as SQL or a command."""

    status: Status
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Check(Generic[Facts]):
    """One thing that is looked at; *judge* yields nothing when it is in order."""

    area: Area
    code: str  # stable, in docs/reference/doctor.md
    in_order: str  # what holds when *judge* yields nothing
    judge: Callable[[Facts], Iterable[Remark]]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One line of the report."""

    area: Area
    code: str
    status: Status
    message: str
    remedy: str = ""

    @property
    def is_finding(self) -> bool:
        """Whether people should act on it."""
        return self.status in {Status.WARNING, Status.ERROR}


def run_checks(checks: Sequence[Check[Facts]], facts: Facts) -> Iterator[Diagnosis]:
    """Yield what each of *checks* says about *facts*, at least a line each."""
    for check in checks:
        remarks = list(check.judge(facts)) or [Remark(Status.OK, check.in_order)]
        for remark in remarks:
            yield Diagnosis(check.area, check.code, remark.status, remark.message, remark.remedy)


def skip_checks(checks: Sequence[Check[Any]], reason: str, remedy: str = "") -> Iterator[Diagnosis]:
    """Yield that none of *checks* could be made, and why."""
    for check in checks:
        yield Diagnosis(check.area, check.code, Status.UNKNOWN, reason, remedy)
