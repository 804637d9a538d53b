-- Whether sessions of this database come from a pooler, which resets each before it hands it on.
-- Columns: pooled (sessions whose last statement was such a reset), hidden (of which the caller may not see that).
SELECT
    pg_catalog.count(*) FILTER (WHERE s.query ILIKE 'DISCARD ALL%%' OR s.query ILIKE '%%DISCARD SEQUENCES') AS pooled,
    pg_catalog.count(*) FILTER (WHERE s.query = '<insufficient privilege>') AS hidden
FROM pg_catalog.pg_stat_activity AS s
WHERE s.datname = pg_catalog.current_database()
    AND s.pid <> pg_catalog.pg_backend_pid()
