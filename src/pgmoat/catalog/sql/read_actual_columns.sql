-- Columns of people's tables that pgmoat wants or has added; the comment tells which it has added.
-- Parameters: columns (text[], schema.table.column), mark (the comment).
-- Columns: table_name, table_sql, column_name, type_name, is_added.
WITH candidate AS (
    SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, d.description
    FROM pg_catalog.pg_description AS d
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.objoid AND a.attnum = d.objsubid
    WHERE d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.description = %(mark)s AND NOT a.attisdropped
    UNION
    SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, pg_catalog.col_description(a.attrelid, a.attnum)
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE n.nspname::pg_catalog.text || '.' || c.relname::pg_catalog.text || '.' || a.attname::pg_catalog.text
        = ANY (%(columns)s::pg_catalog.text[])
)
SELECT
    n.nspname::pg_catalog.text || '.' || c.relname::pg_catalog.text AS table_name,
    '"' || pg_catalog.replace(n.nspname::pg_catalog.text, '"', '""') || '"."'
        || pg_catalog.replace(c.relname::pg_catalog.text, '"', '""') || '"' AS table_sql,
    k.attname::pg_catalog.text AS column_name,
    pg_catalog.format_type(k.atttypid, k.atttypmod) AS type_name,
    k.description IS NOT DISTINCT FROM %(mark)s AS is_added
FROM candidate AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.attrelid AND c.relkind IN ('r', 'p', 'f')
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY table_name, k.attnum
