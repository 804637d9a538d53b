-- Foreign keys by which PostgreSQL itself changes or deletes rows: as the owner of their table, whoever began it.
-- Columns: the fields of CascadeFact.
SELECT
    k.conrelid::pg_catalog.int8 AS child,
    k.confrelid::pg_catalog.int8 AS parent,
    k.conname::pg_catalog.text AS name,
    CASE k.confdeltype WHEN 'c' THEN 'DELETE' WHEN 'n' THEN 'UPDATE' WHEN 'd' THEN 'UPDATE' ELSE '' END AS on_delete,
    CASE WHEN k.confupdtype IN ('c', 'n', 'd') THEN 'UPDATE' ELSE '' END AS on_update
FROM pg_catalog.pg_constraint AS k
WHERE k.contype = 'f'
    AND k.conparentid = 0
    AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))
ORDER BY parent, child, name
