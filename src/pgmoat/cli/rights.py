"""
Say what a login lacks that may not read the record.

In: what PostgreSQL refused. Out: Error. I/O: none.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import psycopg

from pgmoat.errors import Error
from pgmoat.postgres.failures import explain_failure

_HINT = "This takes a login that is a member of pgmoat_monitor, or of what the policy's system_roles call it."


@contextmanager
def reading_as_monitor() -> Generator[None]:
    """
    Run a block that reads what only the monitor role may read.

    Raises:
        Error: a right is missing; the hint says which role has it.
    """
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        known = explain_failure(error)
        raise Error(known.message, detail=known.detail, hint=known.hint or _HINT) from error
