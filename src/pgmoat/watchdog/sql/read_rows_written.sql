-- Rows that agents wrote in this minute and the two before it. All of it each time: a transaction shows late what it wrote
-- early. Columns: minute, agent, rows_written.
SELECT pg_catalog.date_trunc('minute', s.at) AS minute, k.agent, pg_catalog.sum(s.rows)::pg_catalog.int8 AS rows_written
  FROM pgmoat.statement AS s
  JOIN pgmoat.task AS k ON k.id = s.task
 WHERE s.at >= pg_catalog.date_trunc('minute', pg_catalog.clock_timestamp()) - interval '2 minutes'
 GROUP BY 1, 2
HAVING pg_catalog.sum(s.rows) > 0
 ORDER BY 1, 2;
