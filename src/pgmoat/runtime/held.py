"""
What waits for a person's word: the error that says so, what became of it, what to run once it is approved.

In: what PostgreSQL keeps of a held write. Out: ApprovalRequiredError, Outcome, Request. I/O: none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from psycopg.rows import TupleRow

from pgmoat.errors import AgentError, ApprovalRequiredError, ValueRefusedError
from pgmoat.runtime.binding import Bound
from pgmoat.runtime.decoding import decode_value
from pgmoat.runtime.inspection import make_call_result, make_write_result
from pgmoat.runtime.request import Request, Requester
from pgmoat.runtime.result import Outcome, Result

WRITE = "write()"
"""What a write of the agent's own SQL is called where operations have names."""

TO_BE_HELD = frozenset({"PM050", "PM053"})
"""What PostgreSQL says of a write that a person has to see first, or anew."""

_JSON = frozenset({"json", "jsonb"})
_NOT_KEPT = "Repeat the write or call itself, with the key and the values of then: that runs it."


@dataclass(frozen=True, slots=True)
class Held:
    """A held write as its agent may know it."""

    outcome: Outcome
    key: str
    request: Mapping[str, Any]
    reason: str  # that the agent gave
    arguments: Mapping[str, tuple[str | None, str | None]]  # of an operation: as text, and inside of JSON


def refuse_held(stored: Mapping[str, Any]) -> None:
    """
    Let a result through that is one.

    Raises:
        ApprovalRequiredError: it says that the write waits for a person's word.
    """
    held = stored.get("approval")
    if held is None:
        return
    number, why = int(held["id"]), str(held["why"])
    rows = int(held["affected"])
    raise ApprovalRequiredError(
        f"this waits for a person's word, under number {number}: {why}",
        detail=f"It was tried and taken back: it would write {rows} row{'' if rows == 1 else 's'}."
        " Nothing is written.",
        hint=f"Go on with something else, and ask for outcome({number}) later, which runs it once a person"
        " has approved it. Do not try the same in other words or in smaller pieces.",
        approval_id=number,
        why=why,
        expires_at=datetime.fromisoformat(held["expires_at"]),
        is_new=bool(held.get("is_new")),
    )


def disown(error: ApprovalRequiredError) -> None:
    """Have *error* say that nothing is held: the transaction that held it is rolled back."""
    error.approval_id = error.expires_at = None
    error.message = f"this needs a person's word: {error.why}"
    error.args = (error.message,)
    error.detail = "Nothing of the transaction is written, and nothing is held."
    error.hint = "Outside of a transaction(), the same call has it held, and a person is asked."


def read_held(number: int, row: TupleRow) -> Held:
    """Return what ``ask_outcome`` answers."""
    state, operation, key, request, why, reason, expires_at, result, given_reason, arguments = row
    outcome = Outcome(
        id=number,
        state=state,
        operation=operation,
        why=why,
        reason=reason or "",
        expires_at=expires_at.astimezone(UTC),
        result=None if result is None else _read_result(operation, result, key),
    )
    pairs = cast("Mapping[str, list[str | None]]", arguments or {})
    return Held(outcome, key, request, given_reason or "", {name: (a, b) for name, (a, b) in pairs.items()})


def resume(requester: Requester, held: Held) -> Request:
    """
    Return the request that a person has approved, with its own key and the reason of then.

    Raises:
        ValueRefusedError: its values cannot be made of what is kept.
        AgentError: the policy has changed, and it may not be asked for any more.
    """
    try:
        if held.outcome.operation == WRITE:
            bound = _bind_kept(held.request)
            request = requester.resume_write(bound, held.key)
        else:
            request = requester.call(held.outcome.operation, _read_arguments(requester, held), held.key)
        # The reason of this moment's step would make it another write.
        return replace(request, caller=replace(request.caller, reason=held.reason))
    except (ValueRefusedError, KeyError, TypeError, ValueError) as error:
        raise ValueRefusedError(
            f"number {held.outcome.id} is approved, and cannot be run from what is kept of it", hint=_NOT_KEPT
        ) from error


def explain_resumed(error: AgentError, number: int) -> AgentError:
    """Return *error*, or that the values of the run were not those of then."""
    if error.sqlstate != "PM041":
        return error
    return ValueRefusedError(
        f"number {number} is approved, and cannot be run from what is kept of it", hint=_NOT_KEPT
    )


def _bind_kept(request: Mapping[str, Any]) -> Bound:
    values = tuple(decode_value(value) for value in request["parameters"])
    labels = tuple(f"${number}" for number in range(1, len(values) + 1))
    return Bound(str(request["sql"]), values, labels)


def _read_arguments(requester: Requester, held: Held) -> dict[str, Any]:
    policy = requester.profile.operations.get(held.outcome.operation)
    parameters = {} if policy is None else policy.parameters
    found: dict[str, Any] = {}
    for name, (whole, inner) in held.arguments.items():
        is_json = name in parameters and parameters[name].type in _JSON
        found[name] = inner if is_json else _read_argument(whole or "", held.request[name])
    return found


def _read_argument(text: str, value: object) -> Any:
    """Return an argument as text that PostgreSQL casts: numbers keep all of their digits."""
    if isinstance(value, list):
        return json.loads(text, parse_float=str, parse_int=str)
    if isinstance(value, dict):
        raise TypeError("a row")  # has no text of its own
    return text


def _read_result(operation: str, text: str, key: str) -> Result:
    if operation == WRITE:
        return make_write_result(json.loads(text), key=key)
    return make_call_result(text)
