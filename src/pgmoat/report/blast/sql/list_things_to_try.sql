-- Everything else that a role may use or not. Parameters: none. Columns: the fields of ThingToTry.
-- is_system: PostgreSQL's own; of a parameter: a session does not need a privilege to set it, or cannot.
SELECT 'schema' AS kind, n.oid::pg_catalog.int8 AS oid, n.nspname::pg_catalog.text AS name,
    n.nspname IN ('pg_catalog', 'information_schema') AS is_system
FROM pg_catalog.pg_namespace AS n
WHERE NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_toast')
    AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_temp')
UNION ALL
SELECT 'database', d.oid::pg_catalog.int8, d.datname::pg_catalog.text, false
FROM pg_catalog.pg_database AS d
WHERE d.datallowconn
UNION ALL
SELECT 'language', l.oid::pg_catalog.int8, l.lanname::pg_catalog.text, false
FROM pg_catalog.pg_language AS l
UNION ALL
SELECT 'foreign server', s.oid::pg_catalog.int8, s.srvname::pg_catalog.text, false
FROM pg_catalog.pg_foreign_server AS s
UNION ALL
SELECT 'foreign data wrapper', w.oid::pg_catalog.int8, w.fdwname::pg_catalog.text, false
FROM pg_catalog.pg_foreign_data_wrapper AS w
UNION ALL
SELECT 'tablespace', t.oid::pg_catalog.int8, t.spcname::pg_catalog.text, false
FROM pg_catalog.pg_tablespace AS t
UNION ALL
SELECT 'large object', o.oid::pg_catalog.int8, o.oid::pg_catalog.text, false
FROM (SELECT m.oid FROM pg_catalog.pg_largeobject_metadata AS m ORDER BY m.oid LIMIT 5000) AS o
UNION ALL
SELECT 'role', r.oid::pg_catalog.int8, r.rolname::pg_catalog.text, pg_catalog.starts_with(r.rolname::pg_catalog.text, 'pg_')
FROM pg_catalog.pg_roles AS r
UNION ALL
SELECT 'parameter', 0, p.name, p.context <> 'superuser'
FROM pg_catalog.pg_settings AS p
WHERE p.context <> 'internal'
ORDER BY kind, name
