-- Every schema but PostgreSQL's own: who owns it, whether we may use it, which owners of tables may create in it.
-- Columns: name, owner, is_usable, creators.
WITH table_owner AS (
    SELECT DISTINCT c.relowner AS oid
    FROM pg_catalog.pg_class AS c
    WHERE c.relkind IN ('r', 'p')
)
SELECT
    n.nspname::pg_catalog.text AS name,
    pg_catalog.pg_get_userbyid(n.nspowner)::pg_catalog.text AS owner,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS is_usable,
    ARRAY(
        SELECT pg_catalog.pg_get_userbyid(o.oid)::pg_catalog.text
        FROM table_owner AS o
        WHERE pg_catalog.has_schema_privilege(o.oid, n.oid, 'CREATE')
    ) AS creators
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname <> 'information_schema' AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')
