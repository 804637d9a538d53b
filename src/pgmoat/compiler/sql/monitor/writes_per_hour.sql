-- What was written in each clock hour (UTC, as budgets are counted), by agent, task and step.
CREATE VIEW pgmoat.writes_per_hour AS
SELECT date_trunc('hour', w.at, 'UTC') AS hour, w.agent, w.task_id, w.step, w.entity, w.operation,
       count(*) AS commands, sum(w.rows)::bigint AS rows, min(w.at) AS first_at, max(w.at) AS last_at
  FROM pgmoat.writes AS w
 GROUP BY date_trunc('hour', w.at, 'UTC'), w.agent, w.task_id, w.step, w.entity, w.operation;
