-- What PostgreSQL says that the current role may do to all else. Parameters: routines (oids). Columns: kind, oid, name, action.
SELECT 'function' AS kind, f.oid::pg_catalog.int8 AS oid, '' AS name, 'EXECUTE' AS action
FROM pg_catalog.pg_proc AS f
WHERE f.oid = ANY (%(routines)s::pg_catalog.oid[]) AND pg_catalog.has_function_privilege(f.oid, 'EXECUTE')
UNION ALL
SELECT 'schema', n.oid::pg_catalog.int8, n.nspname::pg_catalog.text, p.action
FROM pg_catalog.pg_namespace AS n
CROSS JOIN (VALUES ('USAGE'), ('CREATE')) AS p(action)
WHERE pg_catalog.has_schema_privilege(n.oid, p.action)
UNION ALL
SELECT 'database', d.oid::pg_catalog.int8, d.datname::pg_catalog.text, p.action
FROM pg_catalog.pg_database AS d
CROSS JOIN (VALUES ('CONNECT'), ('CREATE'), ('TEMPORARY')) AS p(action)
WHERE pg_catalog.has_database_privilege(d.oid, p.action)
UNION ALL
SELECT 'language', l.oid::pg_catalog.int8, l.lanname::pg_catalog.text, 'USAGE'
FROM pg_catalog.pg_language AS l
WHERE pg_catalog.has_language_privilege(l.oid, 'USAGE')
UNION ALL
SELECT 'foreign server', s.oid::pg_catalog.int8, s.srvname::pg_catalog.text, 'USAGE'
FROM pg_catalog.pg_foreign_server AS s
WHERE pg_catalog.has_server_privilege(s.oid, 'USAGE')
UNION ALL
SELECT 'foreign data wrapper', w.oid::pg_catalog.int8, w.fdwname::pg_catalog.text, 'USAGE'
FROM pg_catalog.pg_foreign_data_wrapper AS w
WHERE pg_catalog.has_foreign_data_wrapper_privilege(w.oid, 'USAGE')
UNION ALL
SELECT 'tablespace', t.oid::pg_catalog.int8, t.spcname::pg_catalog.text, 'CREATE'
FROM pg_catalog.pg_tablespace AS t
WHERE pg_catalog.has_tablespace_privilege(t.oid, 'CREATE')
UNION ALL
SELECT 'parameter', 0, g.name, p.action
FROM pg_catalog.pg_settings AS g
CROSS JOIN (VALUES ('SET'), ('ALTER SYSTEM')) AS p(action)
WHERE pg_catalog.has_parameter_privilege(g.name, p.action)
    AND (p.action <> 'SET' OR g.context = 'superuser')
UNION ALL
SELECT 'role', r.oid::pg_catalog.int8, r.rolname::pg_catalog.text, 'INHERIT'
FROM pg_catalog.pg_roles AS r
WHERE pg_catalog.pg_has_role(r.oid, 'USAGE')
UNION ALL
SELECT 'attribute', 0, '', a.action
FROM pg_catalog.pg_roles AS r
CROSS JOIN LATERAL (
    VALUES ('SUPERUSER', r.rolsuper), ('BYPASSRLS', r.rolbypassrls), ('CREATEROLE', r.rolcreaterole),
        ('CREATEDB', r.rolcreatedb), ('REPLICATION', r.rolreplication)
) AS a(action, is_set)
WHERE r.rolname = CURRENT_USER AND (a.is_set OR r.rolsuper)
