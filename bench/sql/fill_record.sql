-- Fills the last 24 hours, as the watchdog would have recorded it. Parameters: per_minute (rows of detail), agents, tasks (per agent and
-- minute), fingerprints.
DO $do$
DECLARE
    day timestamptz := date_trunc('minute', clock_timestamp()) - interval '1 day';
BEGIN
    PERFORM pgmoat.make_days();
    INSERT INTO pgmoat.agent (name, role, version, statement_timeout_ms, rows_per_statement, writes_per_task, writes_per_hour,
                              bytes_per_task, task_duration_ms, task_mode, tasks_per_hour)
    SELECT 'agent_' || i, 'pgmoatbench_agent_' || i, a.version, a.statement_timeout_ms, a.rows_per_statement, a.writes_per_task,
           a.writes_per_hour, a.bytes_per_task, a.task_duration_ms, a.task_mode, a.tasks_per_hour
      FROM pgmoat.agent AS a CROSS JOIN generate_series(1, {agents}) AS i
     WHERE a.name = 'fleet';
    FOR number IN 0 .. 1439 LOOP
        INSERT INTO pgmoat.sampling (minute, seconds, samples, hidden)
        VALUES (day + number * interval '1 minute', 60, 60, 0);
        INSERT INTO pgmoat.usage (minute, agent, wait_class, seconds, samples)
        SELECT day + number * interval '1 minute', a.agent, w.class, 1 + random(), 1 + {per_minute} / {agents} / 4
          FROM (SELECT 'agent_' || i AS agent FROM generate_series(1, {agents}) AS i UNION ALL SELECT '') AS a
         CROSS JOIN unnest(ARRAY['CPU', 'IO', 'Lock', 'Client']) AS w (class);
        INSERT INTO pgmoat.activity (minute, agent, connections, statements, rows, execution_seconds, planning_seconds, rows_written)
        SELECT day + number * interval '1 minute', a.agent, 10, 1000, 5000, 4 + random(), 0.1, 50
          FROM (SELECT 'agent_' || i AS agent FROM generate_series(1, {agents}) AS i UNION ALL SELECT '') AS a;
        INSERT INTO pgmoat.usage_detail (minute, fingerprint, seconds, samples, agent, task_id, step, wait_class)
        SELECT day + number * interval '1 minute', (random() * {fingerprints})::bigint, 1, 1, 'agent_' || 1 + i % {agents},
               'T-2026-' || number / 15 || '-' || (i / {agents}) % {tasks}, 'step ' || i % 7,
               (ARRAY['CPU', 'CPU', 'IO', 'Lock'])[1 + i % 4]
          FROM generate_series(1, {per_minute}) AS i
         ORDER BY i * 6 / {per_minute}, i % {agents}; -- stored every ten seconds, each agent's together
        INSERT INTO pgmoat.unfinished (at, agent, task_id, how, source, code, statements, seconds, fingerprint)
        SELECT day + number * interval '1 minute', 'agent_' || 1 + i, NULL, 'refused', 'counted', 'PM001', 3, NULL, NULL
          FROM generate_series(1, 5) AS i;
    END LOOP;
    INSERT INTO pgmoat.statement_text (day, fingerprint, text)
    SELECT d.day, i, 'SELECT id, fulfillment_status FROM orders WHERE customer_id = ? AND id > ? LIMIT ? -- ' || i
      FROM generate_series(0, {fingerprints}) AS i
     CROSS JOIN (VALUES ((day AT TIME ZONE 'UTC')::date), ((day AT TIME ZONE 'UTC')::date + 1)) AS d (day);
END
$do$;
