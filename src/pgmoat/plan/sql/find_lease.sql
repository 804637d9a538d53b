-- Whether there is a lease, for us: to_regclass() fails on a schema that we may not use.
-- Columns: one, of at most one row.
SELECT 1
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'pgmoat'
  AND c.relname = 'lease'
  AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')
