-- How much waits for a person's word, of agents of which anything does. Parameters: none. Columns: as in WaitingCount.
SELECT p.agent, pg_catalog.count(*)::pg_catalog.int4 AS waiting,
       GREATEST(0, extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.min(p.asked_at)))::pg_catalog.float8 AS oldest_seconds
  FROM pgmoat.approvals AS p
 WHERE p.decision IS NULL AND p.expires_at > pg_catalog.clock_timestamp()
 GROUP BY p.agent
 ORDER BY p.agent;
