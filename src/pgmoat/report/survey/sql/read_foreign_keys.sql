-- Foreign keys of the given tables. Parameters: relations (oid[]).
-- Columns: relation (oid of the table that has it), then the fields of ForeignKey.
SELECT
    k.conrelid::pg_catalog.int8 AS relation,
    k.conname::pg_catalog.text AS name,
    ARRAY(
        SELECT a.attname::pg_catalog.text
        FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS part (number, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = part.number
        ORDER BY part.place
    ) AS columns,
    pg_catalog.concat(n.nspname, '.', c.relname) AS references,
    ARRAY(
        SELECT a.attname::pg_catalog.text
        FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS part (number, place)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = part.number
        ORDER BY part.place
    ) AS references_columns,
    k.confdeltype::pg_catalog.text AS on_delete
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE k.contype = 'f'
    AND k.conrelid = ANY (%(relations)s::pg_catalog.oid[])
    -- A key to a partitioned table has a row more for each of its partitions.
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_constraint AS parent
        WHERE parent.oid = k.conparentid AND parent.conrelid = k.conrelid
    )
ORDER BY relation, k.conname
