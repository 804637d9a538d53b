-- CHECK constraints of the given tables, and those of the domains of their columns.
-- Parameters: relations (oid[]). Needs search_path = pg_catalog, so that other names come qualified.
-- Columns: relation (oid), name, columns, expression; a domain's speaks of VALUE.
WITH RECURSIVE domains AS (
    SELECT a.attrelid AS relation, a.attname AS column, a.attnum AS number, t.oid AS type, t.typbasetype AS base
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid AND t.typtype = 'd'
    WHERE a.attrelid = ANY (%(relations)s::pg_catalog.oid[])
        AND a.attnum > 0
        AND NOT a.attisdropped
    UNION ALL
    SELECT d.relation, d.column, d.number, t.oid, t.typbasetype
    FROM domains AS d
    JOIN pg_catalog.pg_type AS t ON t.oid = d.base AND t.typtype = 'd'
)
SELECT
    k.conrelid::pg_catalog.int8 AS relation,
    k.conname::pg_catalog.text AS name,
    ARRAY(
        SELECT a.attname::pg_catalog.text
        FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS part (number, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = part.number
        ORDER BY part.place
    ) AS columns,
    pg_catalog.pg_get_expr(k.conbin, k.conrelid) AS expression
FROM pg_catalog.pg_constraint AS k
WHERE k.contype = 'c'
    AND k.conrelid = ANY (%(relations)s::pg_catalog.oid[])
UNION ALL
SELECT
    d.relation::pg_catalog.int8,
    k.conname::pg_catalog.text,
    ARRAY[d.column::pg_catalog.text],
    pg_catalog.pg_get_expr(k.conbin, 0)
FROM domains AS d
JOIN pg_catalog.pg_constraint AS k ON k.contypid = d.type AND k.contype = 'c'
ORDER BY relation, columns, name
