-- Agents of the policy in force, as pgmoat holds them to it. Columns: the fields of AgentFact.
SELECT
    a.name, a.role::pg_catalog.text AS role, a.rows_per_statement, a.writes_per_task, a.writes_per_hour,
    a.bytes_per_task, a.task_duration_ms, a.tasks_per_hour, a.task_mode,
    a.requires_watchdog,
    a.frozen_at IS NOT NULL OR a.is_hard_frozen AS is_frozen
FROM pgmoat.agent AS a
WHERE a.retired_at IS NULL
ORDER BY a.name
