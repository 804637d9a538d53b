-- How much space the record of what agents did takes, partitions included, and how far back it goes.
-- Columns: bytes, oldest (NULL: nothing was written).
SELECT
    (
        SELECT COALESCE(pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid)), 0)::pg_catalog.int8
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = 'pgmoat' AND c.relkind IN ('r', 'm')
    ) AS bytes,
    (SELECT h.at FROM pgmoat.change AS h ORDER BY h.xid, h.id LIMIT 1) AS oldest
