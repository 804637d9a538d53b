-- Tasks that are neither closed nor past their deadline, and how many of them are frozen, of agents that have any.
-- Parameters: none. Columns: agent, open, frozen.
SELECT k.agent, pg_catalog.count(*)::pg_catalog.int4 AS open,
       pg_catalog.count(k.frozen_at)::pg_catalog.int4 AS frozen
  FROM pgmoat.task AS k
 WHERE k.closed_at IS NULL AND k.deadline > pg_catalog.clock_timestamp()
 GROUP BY k.agent
 ORDER BY k.agent;
