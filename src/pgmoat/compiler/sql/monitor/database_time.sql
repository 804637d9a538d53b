-- Database time by agent, from pg_stat_statements.
CREATE VIEW pgmoat.database_time AS
SELECT t.agent, t.calls, t.execution_seconds, t.planning_seconds, t.rows,
       round((100 * (t.execution_seconds + t.planning_seconds)
              / NULLIF(sum(t.execution_seconds + t.planning_seconds) OVER (), 0))::numeric, 2) AS share_percent,
       t.since
  FROM pgmoat.read_database_time() AS t;
