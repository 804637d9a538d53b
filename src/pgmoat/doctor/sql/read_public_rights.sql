-- What PUBLIC, and so every agent, has besides tables and functions of people's.
-- Columns: privilege, object (database, schema, function).
SELECT acl.privilege_type AS privilege, d.datname::pg_catalog.text AS object
FROM pg_catalog.pg_database AS d
CROSS JOIN LATERAL pg_catalog.aclexplode(COALESCE(d.datacl, pg_catalog.acldefault('d', d.datdba))) AS acl
WHERE acl.grantee = 0
    AND d.datallowconn
    AND CASE d.datname WHEN pg_catalog.current_database() THEN acl.privilege_type = 'TEMPORARY'
        ELSE acl.privilege_type = 'CONNECT' END
UNION ALL
SELECT acl.privilege_type, n.nspname::pg_catalog.text
FROM pg_catalog.pg_namespace AS n
CROSS JOIN LATERAL pg_catalog.aclexplode(n.nspacl) AS acl
WHERE acl.grantee = 0 AND acl.privilege_type = 'CREATE'
UNION ALL
SELECT acl.privilege_type, f.oid::pg_catalog.regprocedure::pg_catalog.text
FROM pg_catalog.pg_proc AS f
CROSS JOIN LATERAL pg_catalog.aclexplode(COALESCE(f.proacl, pg_catalog.acldefault('f', f.proowner))) AS acl
WHERE f.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
    AND f.proname IN ('pg_terminate_backend', 'pg_cancel_backend')
    AND acl.grantee = 0
    AND acl.privilege_type = 'EXECUTE'
ORDER BY privilege, object
