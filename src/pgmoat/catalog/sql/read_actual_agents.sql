-- Agents, retired ones included: a hard freeze outlives retirement.
-- Columns: name, is_retired, is_hard_frozen, password_verifier, then the columns that mirror the policy.
SELECT
    a.name, a.retired_at IS NOT NULL AS is_retired, a.is_hard_frozen, a.password_verifier,
    a.role::pg_catalog.text AS role, a.version, a.statement_timeout_ms, a.rows_per_statement,
    a.writes_per_task, a.writes_per_hour, a.bytes_per_task, a.task_duration_ms,
    a.task_mode, a.tasks_per_hour,
    -- By name, because a database before migrations 3 to 5 has no such columns: NULL, and so a change to make.
    (j.row ->> 'transaction_timeout_ms')::pg_catalog.int4 AS transaction_timeout_ms,
    (j.row ->> 'idle_timeout_ms')::pg_catalog.int4 AS idle_timeout_ms,
    (j.row ->> 'repeats_per_minute')::pg_catalog.int4 AS repeats_per_minute,
    (j.row ->> 'requires_watchdog')::pg_catalog.bool AS requires_watchdog,
    (j.row ->> 'max_connections')::pg_catalog.int4 AS max_connections,
    (j.row ->> 'surge_factor')::pg_catalog.int4 AS surge_factor,
    (j.row ->> 'surge_floor')::pg_catalog.int8 AS surge_floor,
    j.row ->> 'on_trip' AS on_trip,
    (j.row ->> 'approval_statement_rows')::pg_catalog.int4 AS approval_statement_rows,
    (j.row ->> 'approval_task_rows')::pg_catalog.int4 AS approval_task_rows,
    (j.row ->> 'approval_expires_ms')::pg_catalog.int8 AS approval_expires_ms
FROM pgmoat.agent AS a
CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(a) AS row) AS j
ORDER BY a.name
