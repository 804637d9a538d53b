-- Fills yesterday, as the watchdog would have recorded it. Parameters: per_minute (rows of detail), agents, tasks (per agent and
-- minute), fingerprints.
DO $do$
DECLARE
    day timestamptz := date_trunc('day', clock_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '1 day';
BEGIN
    PERFORM pgmoat.make_days();
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
          FROM generate_series(1, {per_minute}) AS i;
        INSERT INTO pgmoat.unfinished (at, agent, task_id, how, source, code, statements, seconds, fingerprint)
        SELECT day + number * interval '1 minute', 'agent_' || 1 + i, NULL, 'refused', 'counted', 'PM001', 3, NULL, NULL
          FROM generate_series(1, 5) AS i;
    END LOOP;
    INSERT INTO pgmoat.statement_text (day, fingerprint, text)
    SELECT (day AT TIME ZONE 'UTC')::date, i, 'SELECT id, fulfillment_status FROM orders WHERE customer_id = ? AND id > ? LIMIT ? -- ' || i
      FROM generate_series(0, {fingerprints}) AS i;
END
$do$;
