-- What the record holds since a minute, and how much of that since a later one; only ever grows while days are kept.
-- Parameters: since, later, idle (the wait class that is no database time).
-- Columns: source (as in pgmoat.accounting.metrics.Source), labels, total, later_total.
SELECT CASE WHEN u.wait_class = %(idle)s THEN 'idle' ELSE 'database' END AS source,
       CASE WHEN u.wait_class = %(idle)s THEN ARRAY[u.agent] ELSE ARRAY[u.agent, u.wait_class] END AS labels,
       pg_catalog.sum(u.seconds) AS total,
       COALESCE(pg_catalog.sum(u.seconds) FILTER (WHERE u.minute >= %(later)s), 0) AS later_total
  FROM pgmoat.usage AS u
 WHERE u.minute >= %(since)s
 GROUP BY u.agent, u.wait_class
 UNION ALL
SELECT 'sampled', ARRAY[]::pg_catalog.text[], COALESCE(pg_catalog.sum(s.seconds), 0),
       COALESCE(pg_catalog.sum(s.seconds) FILTER (WHERE s.minute >= %(later)s), 0)
  FROM pgmoat.sampling AS s
 WHERE s.minute >= %(since)s
 UNION ALL
SELECT x.source, ARRAY[a.agent], pg_catalog.sum(x.amount),
       COALESCE(pg_catalog.sum(x.amount) FILTER (WHERE a.minute >= %(later)s), 0)
  FROM pgmoat.activity AS a
 CROSS JOIN LATERAL (
        VALUES ('statements', a.statements::pg_catalog.float8), ('execution', a.execution_seconds + a.planning_seconds),
               ('written', a.rows_written::pg_catalog.float8)) AS x (source, amount)
 WHERE a.minute >= %(since)s AND x.amount IS NOT NULL
 GROUP BY x.source, a.agent
 UNION ALL
SELECT 'unfinished', ARRAY[f.agent, f.how], pg_catalog.sum(f.statements)::pg_catalog.float8,
       COALESCE(pg_catalog.sum(f.statements) FILTER (WHERE f.at >= %(later)s), 0)::pg_catalog.float8
  FROM pgmoat.unfinished AS f
 WHERE f.at >= %(since)s
 GROUP BY f.agent, f.how
 UNION ALL
SELECT 'refusals', ARRAY[f.agent, COALESCE(f.code, '')], pg_catalog.sum(f.statements)::pg_catalog.float8,
       COALESCE(pg_catalog.sum(f.statements) FILTER (WHERE f.at >= %(later)s), 0)::pg_catalog.float8
  FROM pgmoat.unfinished AS f
 WHERE f.at >= %(since)s AND f.how = 'refused'
 GROUP BY f.agent, f.code
 UNION ALL
SELECT 'incidents', ARRAY[i.agent, i.kind, i.action], pg_catalog.count(*)::pg_catalog.float8,
       (pg_catalog.count(*) FILTER (WHERE i.at >= %(later)s))::pg_catalog.float8
  FROM pgmoat.incident AS i
 WHERE i.at >= %(since)s
 GROUP BY i.agent, i.kind, i.action
 ORDER BY source, labels;
