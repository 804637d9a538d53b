"""
Say what a login lacks that may not read the record, or what is held.

In: what PostgreSQL refused. Out: Error. I/O: none.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import psycopg

from pgmoat.errors import Error
from pgmoat.postgres.failures import explain_failure

_HINT = "This takes a member of {}, whose name begins with the policy's settings.system_role_prefix."


@contextmanager
def reading_as_monitor() -> Generator[None]:
    """
    Run a block that reads what only the monitor role may read.

    Raises:
        Error: a right is missing; the hint says which role has it.
    """
    with _naming("pgmoat_monitor"):
        yield


@contextmanager
def reading_as_approver() -> Generator[None]:
    """
    Run a block that reads and decides what only the approver role may.

    Raises:
        Error: a right is missing; the hint says which role has it.
    """
    with _naming("pgmoat_approver"):
        yield


@contextmanager
def _naming(role: str) -> Generator[None]:
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        known = explain_failure(error)
        raise Error(known.message, detail=known.detail, hint=known.hint or _HINT.format(role)) from error
