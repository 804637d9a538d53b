-- SECURITY DEFINER functions and procedures that every role may call, extensions' own among them.
-- Trigger functions count: who has TEMP can hang one on a temporary table.
-- Parameters: entity_schema. Needs search_path = pg_catalog. Columns: the fields of Reach.
SELECT
    f.oid::pg_catalog.regprocedure::pg_catalog.text AS object,
    'function' AS kind,
    'EXECUTE' AS privilege,
    'PUBLIC' AS path
FROM pg_catalog.pg_proc AS f
JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace
WHERE f.prosecdef
    AND n.nspname NOT IN ('information_schema', %(entity_schema)s)
    AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')
    AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pgmoat')
    AND EXISTS (
        SELECT
        FROM pg_catalog.aclexplode(n.nspacl) AS acl
        WHERE acl.grantee = 0 AND acl.privilege_type = 'USAGE'
    )
    AND EXISTS (
        SELECT
        FROM pg_catalog.aclexplode(COALESCE(f.proacl, pg_catalog.acldefault('f', f.proowner))) AS acl
        WHERE acl.grantee = 0 AND acl.privilege_type = 'EXECUTE'
    )
ORDER BY object
