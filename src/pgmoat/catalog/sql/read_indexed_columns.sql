-- Columns that lead a btree index which covers every row.
-- Parameters: relations (oid[]). Columns: relation (oid), name.
SELECT DISTINCT
    i.indrelid::pg_catalog.int8 AS relation,
    a.attname::pg_catalog.text AS name
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_am AS m ON m.oid = c.relam AND m.amname = 'btree'
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attnum <> 0
WHERE i.indrelid = ANY (%(relations)s::pg_catalog.oid[])
    AND i.indisvalid
    AND i.indislive
    AND i.indpred IS NULL
ORDER BY relation, name
