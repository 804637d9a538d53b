-- Tables of entities, and value maps, that hold rows and have no statistics. Parameters: tables (schema.table).
-- Columns: name, bytes.
SELECT
    pg_catalog.concat(n.nspname, '.', c.relname) AS name,
    pg_catalog.pg_relation_size(c.oid) AS bytes
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm')
    AND c.reltuples < 0
    AND (
        pg_catalog.concat(n.nspname, '.', c.relname) = ANY (%(tables)s::pg_catalog.text[])
        OR n.nspname = 'pgmoat_map'
    )
    AND pg_catalog.pg_relation_size(c.oid) > 0
ORDER BY name
