-- Columns that were added or altered after the last apply: their row in the catalog is younger than its records.
-- Parameters: tables (schema.table), added_comment (of columns that apply itself adds). Columns: table_name, column_name.
SELECT
    pg_catalog.concat(n.nspname, '.', c.relname) AS table_name,
    a.attname::pg_catalog.text AS column_name
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE pg_catalog.concat(n.nspname, '.', c.relname) = ANY (%(tables)s::pg_catalog.text[])
    AND a.attnum > 0
    AND NOT a.attisdropped
    AND pg_catalog.age(a.xmin) < (SELECT pg_catalog.min(pg_catalog.age(o.xmin)) FROM pgmoat.object AS o)
    AND COALESCE(pg_catalog.col_description(c.oid, a.attnum), '') <> %(added_comment)s
ORDER BY table_name, a.attnum
