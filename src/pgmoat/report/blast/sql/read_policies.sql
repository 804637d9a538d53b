-- Row security policies. Columns: the fields of PolicyFact; roles: 0 is PUBLIC.
SELECT
    p.polrelid::pg_catalog.int8 AS relation,
    p.polname::pg_catalog.text AS name,
    p.polpermissive AS is_permissive,
    p.polcmd::pg_catalog.text AS command,
    p.polroles::pg_catalog.int8[] AS roles,
    COALESCE(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '') AS reads,
    COALESCE(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '') AS checks
FROM pg_catalog.pg_policy AS p
ORDER BY relation, name
