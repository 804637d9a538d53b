-- Where PUBLIC may create objects, and large objects that it may read or write.
-- Parameters: entity_schema. Columns: the fields of Reach.
SELECT n.nspname::pg_catalog.text AS object, 'schema-create' AS kind, 'CREATE' AS privilege, 'PUBLIC' AS path
FROM pg_catalog.pg_namespace AS n
CROSS JOIN LATERAL pg_catalog.aclexplode(n.nspacl) AS acl
WHERE acl.grantee = 0
    AND acl.privilege_type = 'CREATE'
    AND n.nspname NOT IN ('information_schema', %(entity_schema)s)
    AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pgmoat')
UNION ALL
SELECT d.datname::pg_catalog.text, 'database-create', 'CREATE', 'PUBLIC'
FROM pg_catalog.pg_database AS d
CROSS JOIN LATERAL pg_catalog.aclexplode(d.datacl) AS acl
WHERE acl.grantee = 0
    AND acl.privilege_type = 'CREATE'
    AND d.datname = pg_catalog.current_database()
UNION ALL
SELECT l.oid::pg_catalog.text, 'large-object', acl.privilege_type, 'PUBLIC'
FROM pg_catalog.pg_largeobject_metadata AS l
CROSS JOIN LATERAL pg_catalog.aclexplode(l.lomacl) AS acl
WHERE acl.grantee = 0
ORDER BY kind, object, privilege
