-- How much agents do in a minute in which they do any, in the last hour without the present minute and the last.
-- Columns: agent, signal, level, active_minutes.
SELECT x.agent, v.signal, pg_catalog.avg(v.amount)::pg_catalog.float8 AS level, pg_catalog.count(*) AS active_minutes
  FROM pgmoat.activity AS x
  JOIN pgmoat.agent AS a ON a.name = x.agent AND a.surge_factor > 0
 CROSS JOIN LATERAL (VALUES ('rows written', x.rows_written), ('statements', x.statements)) AS v (signal, amount)
 WHERE x.minute >= pg_catalog.date_trunc('minute', pg_catalog.now()) - interval '1 hour'
   AND x.minute < pg_catalog.date_trunc('minute', pg_catalog.now()) - interval '1 minute'
   AND v.amount > 0
 GROUP BY x.agent, v.signal
 ORDER BY x.agent, v.signal;
