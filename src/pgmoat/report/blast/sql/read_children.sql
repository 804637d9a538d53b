-- Tables that inherit from another, partitions left out: those are their parent's rows. Columns: child, parent.
SELECT i.inhrelid::pg_catalog.int8 AS child, i.inhparent::pg_catalog.int8 AS parent
FROM pg_catalog.pg_inherits AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
WHERE NOT c.relispartition AND c.relkind IN ('r', 'f')
ORDER BY parent, child
