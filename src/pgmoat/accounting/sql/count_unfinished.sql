-- Statements that did not finish. Parameters: since, agent (NULL: all). Columns: agent, how, code, statements, seconds.
SELECT f.agent, f.how, f.code, pg_catalog.sum(f.statements)::pg_catalog.int8 AS statements,
       COALESCE(pg_catalog.sum(f.seconds), 0) AS seconds
  FROM pgmoat.unfinished AS f
 WHERE f.at >= %(since)s AND (%(agent)s::pg_catalog.text IS NULL OR f.agent = %(agent)s)
 GROUP BY f.agent, f.how, f.code
 ORDER BY statements DESC, f.agent, f.how, f.code;
