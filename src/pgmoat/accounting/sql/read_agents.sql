-- The agents, how full their budgets are, whether they are frozen. Parameters: none. Columns: as in AgentBudget.
SELECT a.name AS agent, a.role::pg_catalog.text AS role, h.hour, COALESCE(h.rows_used, 0) AS rows_used,
       a.writes_per_hour AS max_rows, COALESCE(c.connections, 0)::pg_catalog.int4 AS connections,
       NULLIF(a.max_connections, 0) AS max_connections, a.frozen_at, a.frozen_by, a.frozen_reason, a.is_hard_frozen
  FROM pgmoat.agent AS a
  LEFT JOIN pgmoat.hour_budgets AS h ON h.agent = a.name
  LEFT JOIN (SELECT s.usename, pg_catalog.count(*) AS connections FROM pg_catalog.pg_stat_activity AS s GROUP BY s.usename) AS c
    ON c.usename = a.role
 WHERE a.retired_at IS NULL
 ORDER BY a.name;
