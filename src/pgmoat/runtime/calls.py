"""
A call of an operation as a statement.

In: an operation's policy, arguments. Out: Bound. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from pgmoat.errors import PermissionDeniedError, ValueRefusedError
from pgmoat.policy.messages import suggest
from pgmoat.policy.rules.operations import KEY_PARAMETER
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Printed
from pgmoat.runtime.binding import Bound, adapt
from pgmoat.runtime.profile import Profile

_JSON = frozenset({"json", "jsonb"})


def bind_call(profile: Profile, operation: str, arguments: Mapping[str, Any], key: str) -> Bound:
    """
    Return the statement that calls *operation*; its one column is the result as JSON.

    Raises:
        PermissionDeniedError: the agent has no such operation.
        ValueRefusedError: an argument that it does not have, or one that is missing.
    """
    policy = profile.operations.get(operation)
    if policy is None:
        known = ", ".join(profile.operations) or "none"
        raise PermissionDeniedError(
            f"agent {profile.agent} has no operation {operation!r}",
            hint=suggest(operation, profile.operations) or f"Operations: {known}.",
        )
    for name in arguments:
        if name not in policy.parameters:
            raise ValueRefusedError(
                f"operation {operation} has no parameter {name!r}",
                hint=suggest(name, policy.parameters)
                or f"Parameters: {', '.join(policy.parameters) or 'none'}.",
            )
    missing = [
        name
        for name, found in policy.parameters.items()
        if not found.optional and arguments.get(name) is None
    ]
    if missing:
        raise ValueRefusedError(
            f"operation {operation} needs {', '.join(missing)}", hint="Give each of them a value."
        )
    given = [
        sql.SQL("{} => CAST({} AS {})").format(
            sql.Identifier(name), Printed(f"${number}"), Printed(policy.parameters[name].type)
        )
        for number, name in enumerate(arguments, start=1)
    ]
    given.append(
        sql.SQL("{} => {}").format(sql.Identifier(KEY_PARAMETER), Printed(f"${len(arguments) + 1}::text"))
    )
    text = sql.SQL("SELECT {}({})::text").format(
        sql.Identifier(profile.schema, operation), sql.SQL(", ").join(given)
    )
    values = [_adapt(value, policy.parameters[name].type) for name, value in arguments.items()]
    return Bound(text.text, (*values, key))


def _adapt(value: Any, type_name: str) -> Any:
    """Return *value* for a parameter: a list for one of type json is JSON, for any other an array."""
    return Jsonb(value) if type_name in _JSON and isinstance(value, list | tuple) else adapt(value)
