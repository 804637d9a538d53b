-- What a session runs, as bytes: its database may have another encoding. Parameters: pid, backend_start.
-- Columns: query, database.
SELECT COALESCE(pg_catalog.substr(pg_catalog.textsend(s.query), 1, 4000), '') AS query,
       COALESCE(pg_catalog.textsend(s.datname::pg_catalog.text), '') AS database
  FROM pg_catalog.pg_stat_activity AS s
 WHERE s.pid = %(pid)s AND s.backend_start = %(backend_start)s;
