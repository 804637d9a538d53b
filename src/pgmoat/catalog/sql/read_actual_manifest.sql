-- What apply made. Columns: kind, name, wanted_hash, actual_hash, detail (jsonb object of texts).
SELECT o.kind, o.name, o.wanted_hash, o.actual_hash, o.detail
FROM pgmoat.object AS o
ORDER BY o.kind, o.name
