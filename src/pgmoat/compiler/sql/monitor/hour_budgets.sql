-- What each agent has used of its limit for the present clock hour. A task that ended before it cannot have written in it.
CREATE VIEW pgmoat.hour_budgets AS
SELECT a.name AS agent, n.hour, COALESCE(u.rows_used, 0) AS rows_used, COALESCE(h.granted, 0) AS rows_granted,
       GREATEST(a.writes_per_hour - COALESCE(u.rows_used, 0), 0) AS rows_left
  FROM pgmoat.agent AS a
 CROSS JOIN (SELECT date_trunc('hour', clock_timestamp(), 'UTC') AS hour) AS n
  LEFT JOIN pgmoat.hour AS h ON h.agent = a.name AND h.hour = n.hour
  LEFT JOIN LATERAL (
        SELECT sum(l.hour_used)::bigint AS rows_used
          FROM pgmoat.task AS k
          JOIN LATERAL (SELECT x.hour, x.hour_used FROM pgmoat.ledger AS x
                         WHERE x.task = k.id ORDER BY x.seq DESC LIMIT 1) AS l ON l.hour = n.hour
         WHERE k.agent = a.name AND k.deadline >= n.hour) AS u ON true
 WHERE a.retired_at IS NULL;
