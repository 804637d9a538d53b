-- Row security policies that pgmoat made, by their comment, and any other of the same name on the named tables.
-- Parameters: tables (text[], schema.name), name (of the policy), mark (the comment).
-- Columns: table_name, table_sql, roles, is_ours, is_intact: still lets its roles do everything.
SELECT
    n.nspname::pg_catalog.text || '.' || c.relname::pg_catalog.text AS table_name,
    '"' || pg_catalog.replace(n.nspname::pg_catalog.text, '"', '""') || '"."'
        || pg_catalog.replace(c.relname::pg_catalog.text, '"', '""') || '"' AS table_sql,
    ARRAY(
        SELECT CASE r.role WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(r.role)::pg_catalog.text END
        FROM pg_catalog.unnest(p.polroles) AS r (role)
        ORDER BY 1
    ) AS roles,
    pg_catalog.obj_description(p.oid, 'pg_policy') IS NOT DISTINCT FROM %(mark)s AS is_ours,
    p.polpermissive
        AND p.polcmd = '*'
        AND COALESCE(pg_catalog.pg_get_expr(p.polqual, p.polrelid) = 'true', false)
        AND COALESCE(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) = 'true', false) AS is_intact
FROM pg_catalog.pg_policy AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE p.polname = %(name)s
  AND (
      n.nspname::pg_catalog.text || '.' || c.relname::pg_catalog.text = ANY (%(tables)s::pg_catalog.text[])
      OR pg_catalog.obj_description(p.oid, 'pg_policy') = %(mark)s
  )
ORDER BY table_name
