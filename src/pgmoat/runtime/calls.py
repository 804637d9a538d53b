"""
A call of an operation as a statement.

In: an operation's policy, arguments. Out: Bound. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pgmoat.errors import PermissionDeniedError, ValueRefusedError
from pgmoat.policy.messages import suggest
from pgmoat.policy.rules.operations import KEY_PARAMETER
from pgmoat.policy.schema import OperationPolicy
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import Printed
from pgmoat.runtime.binding import Bound
from pgmoat.runtime.profile import Profile
from pgmoat.runtime.values import adapt, make_json

_JSON = frozenset({"json", "jsonb"})


def accept_arguments(profile: Profile, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the arguments of a call as they can be sent.

    Raises:
        PermissionDeniedError: the agent has no such operation.
        ValueRefusedError: an argument that it does not have, one that is missing, or a value that
            PostgreSQL has no type for.
    """
    policy = _find_operation(profile, operation)
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
    return {name: _adapt(value, policy.parameters[name].type, name) for name, value in arguments.items()}


def bind_call(profile: Profile, operation: str, arguments: Mapping[str, Any], key: str) -> Bound:
    """
    Return the statement that calls *operation*.

    Raises:
        AgentError: see :func:`accept_arguments`.
    """
    return bind_arguments(profile, operation, accept_arguments(profile, operation, arguments), key)


def bind_arguments(profile: Profile, operation: str, values: Mapping[str, Any], key: str) -> Bound:
    """
    Return the statement that calls *operation*; its one column is the result as JSON.

    *values* as :func:`accept_arguments` returns them.
    """
    policy = _find_operation(profile, operation)
    given = [
        sql.SQL("{} => CAST({} AS {})").format(
            sql.Identifier(name), Printed(f"${number}"), Printed(policy.parameters[name].type)
        )
        for number, name in enumerate(values, start=1)
    ]
    given.append(
        sql.SQL("{} => {}").format(sql.Identifier(KEY_PARAMETER), Printed(f"${len(values) + 1}::text"))
    )
    text = sql.SQL("SELECT {}({})::text").format(
        sql.Identifier(profile.schema, operation), sql.SQL(", ").join(given)
    )
    return Bound(text.text, (*values.values(), key), (*values, KEY_PARAMETER))


def _find_operation(profile: Profile, operation: str) -> OperationPolicy:
    policy = profile.operations.get(operation)
    if policy is None:
        known = ", ".join(profile.operations) or "none"
        raise PermissionDeniedError(
            f"agent {profile.agent} has no operation {operation!r}",
            hint=suggest(operation, profile.operations) or f"Operations: {known}.",
        )
    return policy


def _adapt(value: Any, type_name: str, name: str) -> Any:
    """Return *value* for a parameter: for one of type json all but text and None is written as JSON."""
    if type_name in _JSON and isinstance(value, bool | int | float | list | tuple):
        return make_json(cast("object", value), name)
    return adapt(value, name)
