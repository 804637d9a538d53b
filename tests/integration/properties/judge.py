"""
Whether the database is as its history says, and every limit held.

In: Moat, the rows before. Out: assertions. I/O: PostgreSQL, as the superuser.
"""

from __future__ import annotations

from typing import Any

from tests.integration.properties.store import SNAPSHOTS
from tests.moat_fixtures import Moat

Rows = dict[tuple[str, Any], dict[str, Any]]


def read_rows(moat: Moat) -> Rows:
    """Return every entity's rows as agents see them, by entity and key."""
    return {(entity, key): row for entity, query in SNAPSHOTS.items() for key, row in moat.read(query)}


def check_limits(moat: Moat) -> None:
    """No task, no statement and no agent's hour has written more than it may; what is charged was written."""
    per_task = moat.read(
        "SELECT k.agent, k.task_id, count(h.change_id),"
        " (SELECT l.rows_used FROM pgmoat.ledger AS l WHERE l.task = k.id ORDER BY l.seq DESC LIMIT 1)"
        " FROM pgmoat.task AS k LEFT JOIN pgmoat.history AS h ON h.agent = k.agent AND h.task_id = k.task_id"
        " GROUP BY k.id"
    )
    written: dict[str, int] = {}
    for agent, task_id, changes, charged in per_task:
        assert changes == charged, task_id
        assert changes <= moat.policy.agents[agent].limits.writes_per_task, task_id
        written[agent] = written.get(agent, 0) + changes
    for agent, changes in written.items():
        # An example that runs over the full hour may use two hours' worth.
        hours = moat.value("SELECT count(*) FROM pgmoat.hour WHERE agent = %s", agent)
        assert changes <= moat.policy.agents[agent].limits.writes_per_hour * max(hours, 1)
    for agent, rows in moat.read("SELECT agent, count(*) FROM pgmoat.history GROUP BY agent, xid, at"):
        assert rows <= moat.policy.agents[agent].limits.rows_per_statement


def check_history(moat: Moat, before: Rows) -> None:
    """Each change has one statement; all changes taken back, newest first, give the rows as they were."""
    (counts,) = moat.read(
        "SELECT (SELECT count(*) FROM pgmoat.change), (SELECT count(*) FROM pgmoat.history),"
        " (SELECT sum(rows) FROM pgmoat.statement)"
    )
    assert counts[0] == counts[1] == (counts[2] or 0)
    rows = read_rows(moat)
    for entity, operation, key, old, new in moat.read(
        "SELECT entity, operation, COALESCE(key ->> 'id', key ->> 'event_id')::bigint, before,"
        " after - ARRAY['changed_at', 'reason'] FROM pgmoat.history ORDER BY change_id DESC"
    ):
        place = (entity, key)
        assert rows.pop(place, None) == new, (place, operation)
        if old is not None:
            rows[place] = old
    assert rows == before


def check_keys(moat: Moat) -> None:
    """Each key was used once, and what it stands for is still there."""
    for table, key in (("pgmoat.operation_call", "key"), ("pgmoat.log_order_log", "idempotency_key")):
        with moat.superuser() as people:
            row = people.execute(
                f"SELECT count({key}), count(DISTINCT (agent, {key})) FILTER (WHERE {key} IS NOT NULL)"
                f" FROM {table}".encode()
            ).fetchone()
        assert row is not None
        assert row[0] == row[1]
    calls = moat.read(
        "SELECT affected, (SELECT count(*) FROM pgmoat.change AS c WHERE c.xid = o.xid"
        "   AND c.id BETWEEN o.first_change AND o.last_change) FROM pgmoat.operation_call AS o"
    )
    assert all(affected == changes for affected, changes in calls)
