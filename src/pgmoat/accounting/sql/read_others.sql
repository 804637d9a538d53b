-- How many clients are connected that are no agents. Parameters: none. Columns: connections.
SELECT pg_catalog.count(*)::pg_catalog.int4 AS connections
  FROM pg_catalog.pg_stat_activity AS s
 WHERE s.backend_type = 'client backend'
   AND NOT EXISTS (SELECT FROM pgmoat.agent AS a WHERE a.role = s.usename AND a.retired_at IS NULL);
