-- Triggers of relations. Columns: the fields of TriggerFact; events: 4 INSERT, 8 DELETE, 16 UPDATE, 32 TRUNCATE.
SELECT
    t.tgrelid::pg_catalog.int8 AS relation,
    t.tgname::pg_catalog.text AS name,
    t.tgfoid::pg_catalog.int8 AS function,
    (t.tgtype & 60)::pg_catalog.int4 AS events,
    (t.tgtype & 64) <> 0 AS is_instead
FROM pg_catalog.pg_trigger AS t
WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
ORDER BY relation, name
