-- Unique indexes in force on people's tables, constraints among them.
-- Parameters: relations (oid[]).
-- Columns: relation (oid), then the fields of UniqueIndex. An expression stands in columns as its text.
SELECT
    i.indrelid::pg_catalog.int8 AS relation,
    c.relname::pg_catalog.text AS name,
    ARRAY(
        SELECT COALESCE(
            a.attname::pg_catalog.text,
            pg_catalog.pg_get_indexdef(i.indexrelid, position.n, true)
        )
        FROM pg_catalog.generate_series(1, i.indnkeyatts::pg_catalog.int4) AS position (n)
        -- int2vector counts from 0; an expression's attribute number is 0.
        LEFT JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = i.indrelid AND a.attnum = i.indkey[position.n - 1] AND a.attnum <> 0
        ORDER BY position.n
    ) AS columns,
    i.indisprimary AS is_primary,
    k.oid IS NOT NULL AS is_constraint,
    pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_constraint AS k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
WHERE i.indrelid = ANY (%(relations)s::pg_catalog.oid[])
    AND i.indisunique
    AND i.indisvalid
    AND i.indislive
ORDER BY i.indrelid, NOT i.indisprimary, c.relname
