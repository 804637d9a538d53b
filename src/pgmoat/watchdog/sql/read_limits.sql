-- The agents' limits. Retired ones are among them: their roles may have been left. Columns: as in AgentLimits.
SELECT a.name, a.role::pg_catalog.text AS role, a.statement_timeout_ms AS statement_ms, a.transaction_timeout_ms AS transaction_ms,
       a.idle_timeout_ms AS idle_ms, a.repeats_per_minute, a.frozen_at, a.max_connections, a.surge_factor, a.surge_floor, a.on_trip
  FROM pgmoat.agent AS a
 ORDER BY a.name;
