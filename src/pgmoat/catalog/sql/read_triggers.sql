-- Triggers of people's own that fire on the given tables.
-- What a function touches is read from its text: a name that is built at run time is not found.
-- Parameters: relations (oid[]). Columns: relation (oid), then the fields of TableTrigger.
SELECT
    t.tgrelid::pg_catalog.int8 AS relation,
    t.tgname::pg_catalog.text AS name,
    pg_catalog.concat(n.nspname, '.', f.proname) AS function,
    f.prosecdef AS security_definer,
    ARRAY(
        SELECT DISTINCT pg_catalog.concat(
            CASE pg_catalog.left(pg_catalog.lower(m.found[1]), 3)
                WHEN 'ins' THEN 'INSERT' WHEN 'upd' THEN 'UPDATE' WHEN 'del' THEN 'DELETE' ELSE 'SELECT'
            END,
            ' on ', cn.nspname, '.', c.relname
        )
        FROM pg_catalog.regexp_matches(
            f.prosrc, '\m(insert\s+into|update|delete\s+from|from|join)\s+(?:only\s+)?((?:[\w$"]+\.)?[\w$"]+)', 'gi'
        ) AS m (found)
        JOIN pg_catalog.pg_class AS c ON c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.oid <> t.tgrelid
        JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.relnamespace
        WHERE pg_catalog.lower(pg_catalog.replace(m.found[2], '"', '')) IN (
            -- Without a schema it is one of the table's own: such is the search_path of a write.
            CASE WHEN c.relnamespace = r.relnamespace THEN pg_catalog.lower(c.relname) END,
            pg_catalog.lower(pg_catalog.concat(cn.nspname, '.', c.relname))
        )
    ) AS touches
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS r ON r.oid = t.tgrelid
JOIN pg_catalog.pg_proc AS f ON f.oid = t.tgfoid
JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace
WHERE NOT t.tgisinternal
    AND t.tgenabled <> 'D'
    AND t.tgrelid = ANY (%(relations)s::pg_catalog.oid[])
ORDER BY relation, t.tgname
