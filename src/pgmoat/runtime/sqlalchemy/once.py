"""
A unit of work that takes effect once, however often it is repeated.

In: a Session or Connection, a key, what to do. Out: Written. I/O: PostgreSQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from pgmoat.errors import ValueRefusedError
from pgmoat.runtime.held import refuse_held
from pgmoat.runtime.idempotency import encode_value

Target = TypeVar("Target", Session, Connection)


@dataclass(frozen=True, slots=True)
class Written:
    """
    What a unit of work did.

    ``value`` is what it returned, as JSON keeps it: None where that was larger than 64 kB, and
    ``truncated``. ``affected`` counts the rows that it wrote. ``replayed``: it was done before, and was not
    done again.
    """

    value: Any
    affected: int
    replayed: bool
    truncated: bool
    statement_id: int | None


def write_once(
    target: Target, key: str, request: Mapping[str, Any], work: Callable[[Target], Any]
) -> Written:
    """
    Do *work* once for *key*, and return what it returned, as JSON; a repeated call returns that again.

    *key* as :func:`pgmoat.runtime.make_idempotency_key` makes it; *request* is what makes two calls the
    same. It runs in a savepoint of *target*'s transaction, and takes effect when that commits; what *work*
    raises takes all of it back, the key too. With asyncio:
    ``await session.run_sync(write_once, key, request, work)``.

    Raises:
        IdempotencyConflictError: the key was used for another request.
        IdempotencyKeyError: the key was used, and its result is no longer kept.
        ApprovalRequiredError: what is held under this key waits for a person's word.
        ValueRefusedError: what *work* returned is no JSON.
    """
    _flush(target)
    with target.begin_nested():
        begin = func.pgmoat.begin_write(key, literal(_encode(request), JSONB)).table_valued("call", "result")
        call, stored = target.execute(select(begin)).one()
        if stored is None:
            value = work(target)
            _check_json(value)
            _flush(target)
            end = func.pgmoat.finish_write(call, literal([value], JSONB))
            stored = target.execute(select(end)).scalar_one()
    refuse_held(stored)
    kept: list[Any] = stored["rows"]
    return Written(
        value=kept[0] if kept else None,
        affected=int(stored["affected"]),
        replayed=bool(stored.get("replayed")),
        truncated=bool(stored.get("truncated")),
        statement_id=stored.get("statement_id"),
    )


def _check_json(value: object) -> None:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueRefusedError(
            f"what the work returned cannot be kept as JSON: {error}",
            hint="Return numbers, text, lists and mappings; a Decimal or a date as text.",
        ) from error


def _encode(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: encode_value(value) for name, value in request.items()}


def _flush(target: Session | Connection) -> None:
    if isinstance(target, Session):
        target.flush()
