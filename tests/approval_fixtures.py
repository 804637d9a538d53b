"""
Held writes, put into the database as the functions that hold them leave them.

In: a moat. Out: numbers of held writes. I/O: PostgreSQL, as the superuser.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from tests.moat_fixtures import Moat, new_task_id

UPDATE = {
    "entity": "orders",
    "operation": "update",
    "before": {"id": 7, "customer": "Customer 7", "status": "pending", "note": None},
    "after": {"id": 7, "customer": "Customer 7", "status": "refunded", "note": "paid back"},
}


def hold(
    moat: Moat,
    agent: str = "refunds",
    *,
    task: str | None = None,
    step: str | None = None,
    key: str | None = None,
    operation: str = "refund_all",
    request: Mapping[str, Any] | Sequence[Any] | None = None,
    why: str = "the policy asks for a person's word on every call",
    preview: Sequence[Mapping[str, Any]] = (UPDATE,),
    affected: int | None = None,
    is_cut: bool = False,
    expires: str = "1 day",
    reason: str | None = None,
    fingerprint: bytes | None = None,
) -> int:
    """Hold a write of *agent*, and return its number."""
    task = task or new_task_id()
    moat.open_task(agent, task)
    return int(
        moat.value(
            _HOLD,
            agent,
            key or secrets.token_hex(8),
            operation,
            Jsonb({"amount": 12} if request is None else request),
            step,
            why,
            expires,
            reason,
            len(preview) if affected is None else affected,
            Jsonb(preview),
            is_cut,
            fingerprint or secrets.token_bytes(32),
            agent,
            task,
        )
    )


def clear(moat: Moat) -> None:
    """Forget all held writes."""
    moat.run("DELETE FROM pgmoat.approval")


def state_of(moat: Moat, number: int) -> str:
    """Return what has become of a held write."""
    return str(moat.value("SELECT state FROM pgmoat.approvals WHERE id = %s", number))


def finish(moat: Moat, number: int) -> None:
    """Mark a held write as run."""
    moat.run("UPDATE pgmoat.approval SET done_at = clock_timestamp() WHERE id = %s", number)


_HOLD = """
INSERT INTO pgmoat.approval (agent, key, operation, request_hash, request, task, step, why, expires_at,
                             given_reason, affected, preview, is_cut, fingerprint)
SELECT %s, %s, %s, '\\x00', %s, k.id, %s, %s, clock_timestamp() + %s::interval, %s, %s, %s, %s, %s
  FROM pgmoat.task AS k WHERE k.agent = %s AND k.task_id = %s
RETURNING id
"""
