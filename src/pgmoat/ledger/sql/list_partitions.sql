-- Partitions of pgmoat's record, each a day of one of its tables, the oldest first. What a partition holds its bound says,
-- not its name; one without an upper bound is none of these. The bound is read back in the form in which it was printed.
-- Parameters: parents (names). Columns: as in Partition.
SELECT p.relname::pg_catalog.text AS parent, c.oid::pg_catalog.int8 AS oid, c.relname::pg_catalog.text AS name,
       b.until, pg_catalog.now() - b.until AS age, pg_catalog.pg_total_relation_size(c.oid) AS bytes,
       pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text AS owner,
       pg_catalog.pg_has_role(c.relowner, 'USAGE') AS may_drop
  FROM pg_catalog.unnest(%(parents)s::pg_catalog.text[]::pg_catalog.regclass[]) AS t (oid)
  JOIN pg_catalog.pg_class AS p ON p.oid = t.oid AND p.relkind = 'p'
  JOIN pg_catalog.pg_inherits AS i ON i.inhparent = p.oid
  JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid AND c.relkind = 'r' AND c.relispartition
 CROSS JOIN LATERAL (
        SELECT (pg_catalog.regexp_match(pg_catalog.pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)$'))[1]
               ::pg_catalog.timestamptz AS until) AS b
 WHERE b.until IS NOT NULL
   AND c.relnamespace = p.relnamespace
 ORDER BY b.until, p.relname, c.relname;
