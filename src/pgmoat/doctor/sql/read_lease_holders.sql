-- Who holds the lease of apply. Columns: pid, role, age_s (of the transaction; NULL: not visible).
SELECT DISTINCT
    l.pid,
    COALESCE(s.usename::pg_catalog.text, '') AS role,
    EXTRACT(EPOCH FROM pg_catalog.clock_timestamp() - s.xact_start)::pg_catalog.int8 AS age_s
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_activity AS s ON s.pid = l.pid
WHERE l.locktype = 'relation'
    AND l.granted
    AND l.mode = 'RowShareLock'
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
    AND n.nspname = 'pgmoat'
    AND c.relname = 'lease'
ORDER BY l.pid
