-- Who owns what grants are about. Needs search_path = pg_catalog, for the functions' argument types.
-- Parameters: objects (text[]: kind and object, as grants name them). Columns: object, owner.
WITH place AS (
    SELECT
        n.oid, n.nspowner,
        '"' || pg_catalog.replace(n.nspname::pg_catalog.text, '"', '""') || '"' AS sql
    FROM pg_catalog.pg_namespace AS n
),
thing AS (
    SELECT 'schema ' || p.sql AS object, p.nspowner AS owner
    FROM place AS p
    UNION ALL
    SELECT
        CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END
            || p.sql || '."' || pg_catalog.replace(c.relname::pg_catalog.text, '"', '""') || '"',
        c.relowner
    FROM pg_catalog.pg_class AS c
    JOIN place AS p ON p.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    UNION ALL
    SELECT
        CASE f.prokind WHEN 'p' THEN 'procedure ' ELSE 'function ' END || f.oid::pg_catalog.regprocedure::pg_catalog.text,
        f.proowner
    FROM pg_catalog.pg_proc AS f
    UNION ALL
    SELECT 'type ' || y.oid::pg_catalog.regtype::pg_catalog.text, y.typowner
    FROM pg_catalog.pg_type AS y
    WHERE y.typacl IS NOT NULL
    UNION ALL
    SELECT 'database "' || pg_catalog.replace(d.datname::pg_catalog.text, '"', '""') || '"', d.datdba
    FROM pg_catalog.pg_database AS d
    WHERE d.datname = pg_catalog.current_database()
    UNION ALL
    SELECT 'large object ' || o.oid::pg_catalog.text, o.lomowner
    FROM pg_catalog.pg_largeobject_metadata AS o
)
SELECT t.object, pg_catalog.pg_get_userbyid(t.owner)::pg_catalog.text AS owner
FROM thing AS t
WHERE t.object = ANY (%(objects)s::pg_catalog.text[])
