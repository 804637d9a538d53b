-- All other things that have an owner or privileges. Columns: the fields of ObjectFact; a parameter has no owner.
SELECT 'schema' AS kind, n.oid::pg_catalog.int8 AS oid, 0::pg_catalog.int8 AS schema,
    n.nspname::pg_catalog.text AS name, n.nspowner::pg_catalog.int8 AS owner, '' AS detail
FROM pg_catalog.pg_namespace AS n
WHERE NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_toast')
    AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_temp')
UNION ALL
SELECT 'database', d.oid::pg_catalog.int8, 0, d.datname::pg_catalog.text, d.datdba::pg_catalog.int8,
    CASE WHEN d.datallowconn THEN '' ELSE 'closed' END
FROM pg_catalog.pg_database AS d
UNION ALL
SELECT 'language', l.oid::pg_catalog.int8, 0, l.lanname::pg_catalog.text, l.lanowner::pg_catalog.int8,
    CASE WHEN l.lanpltrusted THEN '' ELSE 'untrusted' END
FROM pg_catalog.pg_language AS l
UNION ALL
SELECT 'foreign data wrapper', w.oid::pg_catalog.int8, 0, w.fdwname::pg_catalog.text, w.fdwowner::pg_catalog.int8, ''
FROM pg_catalog.pg_foreign_data_wrapper AS w
UNION ALL
SELECT 'foreign server', s.oid::pg_catalog.int8, 0, s.srvname::pg_catalog.text, s.srvowner::pg_catalog.int8,
    w.fdwname::pg_catalog.text
FROM pg_catalog.pg_foreign_server AS s
JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
UNION ALL
SELECT 'tablespace', t.oid::pg_catalog.int8, 0, t.spcname::pg_catalog.text, t.spcowner::pg_catalog.int8, ''
FROM pg_catalog.pg_tablespace AS t
UNION ALL
SELECT 'large object', o.oid::pg_catalog.int8, 0, o.oid::pg_catalog.text, o.lomowner::pg_catalog.int8, ''
FROM pg_catalog.pg_largeobject_metadata AS o
UNION ALL
SELECT 'type', y.oid::pg_catalog.int8, y.typnamespace::pg_catalog.int8, y.typname::pg_catalog.text,
    y.typowner::pg_catalog.int8, y.typtype::pg_catalog.text
FROM pg_catalog.pg_type AS y
JOIN pg_catalog.pg_namespace AS n ON n.oid = y.typnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND y.typtype IN ('d', 'e', 'r', 'b')
    AND y.typcategory <> 'A'
    AND y.typrelid = 0
UNION ALL
SELECT 'parameter', p.oid::pg_catalog.int8, 0, p.parname, 10, ''
FROM pg_catalog.pg_parameter_acl AS p
UNION ALL
SELECT 'publication', p.oid::pg_catalog.int8, 0, p.pubname::pg_catalog.text, p.pubowner::pg_catalog.int8, ''
FROM pg_catalog.pg_publication AS p
UNION ALL
SELECT 'subscription', s.oid::pg_catalog.int8, 0, s.subname::pg_catalog.text, s.subowner::pg_catalog.int8, ''
FROM pg_catalog.pg_subscription AS s
UNION ALL
SELECT 'event trigger', e.oid::pg_catalog.int8, 0, e.evtname::pg_catalog.text, e.evtowner::pg_catalog.int8,
    CASE WHEN e.evtenabled = 'D' THEN '' ELSE e.evtfoid::pg_catalog.text END
FROM pg_catalog.pg_event_trigger AS e
UNION ALL
SELECT 'extension', x.oid::pg_catalog.int8, x.extnamespace::pg_catalog.int8, x.extname::pg_catalog.text,
    x.extowner::pg_catalog.int8, ''
FROM pg_catalog.pg_extension AS x
ORDER BY kind, name, oid
