-- The grants that apply made, and the objects. Columns: kind, name, detail.
SELECT o.kind, o.name, o.detail
FROM pgmoat.object AS o
WHERE o.kind IN ('grant', 'role', 'schema', 'view', 'function', 'trigger', 'table')
ORDER BY o.kind, o.name
