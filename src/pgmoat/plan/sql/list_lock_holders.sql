-- Who holds a lock on a table. Parameters: table (schema.table).
-- Columns: pid, user, state, mode, transaction start, query start.
SELECT
    l.pid, COALESCE(a.usename::pg_catalog.text, '?'), COALESCE(a.state, '?'), l.mode,
    pg_catalog.date_trunc('second', a.xact_start), pg_catalog.date_trunc('second', a.query_start)
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'relation'
  AND l.granted
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
  AND n.nspname::pg_catalog.text || '.' || c.relname::pg_catalog.text = %(table)s
  AND l.pid <> pg_catalog.pg_backend_pid()
ORDER BY l.pid, l.mode
