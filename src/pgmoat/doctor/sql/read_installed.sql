-- Whether pgmoat is here, and whether the caller may read it. No name lookup: without USAGE on the schema that fails.
-- Columns: is_installed, is_readable.
SELECT
    pg_catalog.count(*) > 0 AS is_installed,
    COALESCE(
        pg_catalog.bool_and(
            pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
        ),
        false
    ) AS is_readable
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'pgmoat' AND c.relname IN ('agent', 'entity')
