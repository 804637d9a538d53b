-- Columns of people's relations, and those of PostgreSQL's own that have privileges of their own. Columns: relation, number, name.
SELECT
    a.attrelid::pg_catalog.int8 AS relation,
    a.attnum::pg_catalog.int4 AS number,
    a.attname::pg_catalog.text AS name
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND c.relpersistence <> 't'
    AND a.attnum > 0
    AND NOT a.attisdropped
    AND (n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') OR a.attacl IS NOT NULL)
ORDER BY relation, number
