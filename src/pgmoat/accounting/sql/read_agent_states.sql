-- The agents' limits, connections and whether they are frozen: what is read in no time. Parameters: none.
-- Columns: as in AgentState.
SELECT a.name AS agent, COALESCE(c.connections, 0)::pg_catalog.int4 AS connections,
       NULLIF(a.max_connections, 0) AS max_connections, a.writes_per_hour AS max_rows,
       a.frozen_at IS NOT NULL OR a.is_hard_frozen AS is_frozen
  FROM pgmoat.agent AS a
  LEFT JOIN (SELECT s.usename, pg_catalog.count(*) AS connections FROM pg_catalog.pg_stat_activity AS s GROUP BY s.usename) AS c
    ON c.usename = a.role
 WHERE a.retired_at IS NULL
 ORDER BY a.name;
