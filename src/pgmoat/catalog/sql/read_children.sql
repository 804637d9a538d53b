-- Foreign keys of people's that point to the given tables.
-- Parameters: relations (oid[]). Columns: relation (oid of the parent), then the fields of ForeignKeyChild.
SELECT
    k.confrelid::pg_catalog.int8 AS relation,
    pg_catalog.concat(n.nspname, '.', c.relname) AS table,
    k.conname::pg_catalog.text AS constraint,
    k.confdeltype::pg_catalog.text AS on_delete
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE k.contype = 'f'
    -- Partitions repeat their parent's constraint.
    AND k.conparentid = 0
    AND k.confrelid = ANY (%(relations)s::pg_catalog.oid[])
    AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pgmoat')
ORDER BY relation, n.nspname, c.relname, k.conname
