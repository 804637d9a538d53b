-- Tasks and agents that somebody should look after. Columns: as in pgmoat.doctor.state.TaskFacts.
SELECT
    (
        SELECT pg_catalog.count(*)
        FROM pgmoat.task AS k
        WHERE k.closed_at IS NULL AND k.deadline <= pg_catalog.clock_timestamp()
    ) AS expired,
    (
        SELECT pg_catalog.count(*)
        FROM pgmoat.task AS k
        WHERE k.closed_at IS NULL AND k.frozen_at IS NOT NULL
    ) AS frozen_tasks,
    ARRAY(
        SELECT a.name
        FROM pgmoat.agent AS a
        WHERE a.frozen_at IS NOT NULL AND a.retired_at IS NULL
        ORDER BY a.name
    ) AS frozen_agents
