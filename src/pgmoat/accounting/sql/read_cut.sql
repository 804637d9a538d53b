-- Statements that did not finish, by agent. Parameters: since, until. Columns: agent, refused, unfinished, cut_seconds (without
-- those of refusals), inferred_seconds (of them, whose session was not seen with it to the end).
SELECT f.agent,
       COALESCE(pg_catalog.sum(f.statements) FILTER (WHERE f.how = 'refused'), 0)::pg_catalog.int8 AS refused,
       COALESCE(pg_catalog.sum(f.statements) FILTER (WHERE f.how <> 'refused'), 0)::pg_catalog.int8 AS unfinished,
       COALESCE(pg_catalog.sum(f.seconds) FILTER (WHERE f.how <> 'refused'), 0) AS cut_seconds,
       COALESCE(pg_catalog.sum(f.seconds) FILTER (WHERE f.how <> 'refused' AND f.source = 'inferred'), 0) AS inferred_seconds
  FROM pgmoat.unfinished AS f
 WHERE f.at >= %(since)s AND f.at < %(until)s
 GROUP BY f.agent
 ORDER BY f.agent;
