"""
What an agent's engine does not do, refused before PostgreSQL is asked.

In: arguments, execution options. Out: nothing, or errors. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pgmoat.runtime.sqlalchemy.failures import RequestRefusedError

DECIDED = frozenset(
    {
        "async_creator",
        "creator",
        "isolation_level",
        "max_overflow",
        "module",
        "pool",
        "pool_pre_ping",
        "pool_recycle",
        "pool_reset_on_return",
        "pool_size",
        "pool_timeout",
        "poolclass",
    }
)
"""Arguments of create_engine() that the policy, or the way to the task, decides on."""

_LEVEL = "READ COMMITTED"


def check_engine_arguments(given: Mapping[str, Any]) -> None:
    """
    Look at what is passed on to create_engine().

    Raises:
        SessionRefusedError: an argument that is not the caller's to choose.
    """
    decided = sorted(DECIDED & set(given))
    if decided:
        raise RequestRefusedError(
            f"an agent's engine decides on {', '.join(decided)} itself",
            hint="The pool is that of the policy (pool:), the isolation level READ COMMITTED.",
        )
    if "options" in given.get("connect_args", {}):
        raise RequestRefusedError(
            "connect_args may not have options: PgBouncer refuses them, or drops them silently",
            hint="Timeouts are settings of the agent's role: write them into the policy.",
        )
    check_execution_options(None, given.get("execution_options", {}))


def check_execution_options(_: object, given: Mapping[str, Any]) -> None:
    """
    Look at execution options of an engine or a connection.

    Raises:
        SessionRefusedError: another isolation level than READ COMMITTED.
    """
    level = given.get("isolation_level", _LEVEL)
    if cast("str", level).replace("_", " ").upper() == _LEVEL:
        return
    if str(level).upper() == "AUTOCOMMIT":
        raise RequestRefusedError(
            "AUTOCOMMIT is not possible: a task is entered for one transaction, and there would be none",
            hint="Use engine.begin() or Session.begin(); one statement in it costs one round trip more.",
        )
    raise RequestRefusedError(
        f"isolation level {level} is not possible: agents read and write at READ COMMITTED, which sees a"
        " freeze at once",
        hint="Leave isolation_level out.",
    )


def refuse_twophase(*_: object) -> None:
    """
    Refuse a transaction in two phases.

    Raises:
        SessionRefusedError: always.
    """
    raise RequestRefusedError(
        "two-phase transactions are not possible: a prepared one keeps its locks when its agent is gone",
        hint="Use Session(twophase=False), which is the default.",
    )
