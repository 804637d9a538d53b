-- Triggers of people's own that fire on the given tables.
-- Parameters: relations (oid[]). Columns: relation (oid), then the fields of TableTrigger.
SELECT
    t.tgrelid::pg_catalog.int8 AS relation,
    t.tgname::pg_catalog.text AS name,
    pg_catalog.concat(n.nspname, '.', f.proname) AS function,
    f.prosecdef AS security_definer
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_proc AS f ON f.oid = t.tgfoid
JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace
WHERE NOT t.tgisinternal
    AND t.tgenabled <> 'D'
    AND t.tgrelid = ANY (%(relations)s::pg_catalog.oid[])
ORDER BY relation, t.tgname
