-- What every role may do to PostgreSQL's own objects since they were installed. Parameters: none.
-- Columns: kind, oid, action, column_name (empty: the whole object).
SELECT DISTINCT
    CASE i.classoid WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN 'relation' ELSE 'schema' END AS kind,
    i.objoid::pg_catalog.int8 AS oid,
    acl.privilege_type AS action,
    COALESCE(a.attname::pg_catalog.text, '') AS column_name
FROM pg_catalog.pg_init_privs AS i
CROSS JOIN LATERAL pg_catalog.aclexplode(i.initprivs) AS acl
LEFT JOIN pg_catalog.pg_class AS c
    ON i.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = i.objoid
LEFT JOIN pg_catalog.pg_attribute AS a
    ON i.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND a.attrelid = i.objoid
    AND CASE WHEN i.objsubid = 0 THEN a.attnum > 0 ELSE a.attnum = i.objsubid END
    AND acl.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
WHERE acl.grantee = 0
    AND i.classoid IN ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_namespace'::pg_catalog.regclass)
UNION
-- The information schema is made after pg_init_privs is: it shows everybody what is his, and no more.
SELECT 'relation', c.oid::pg_catalog.int8, 'SELECT', a.attname::pg_catalog.text
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'information_schema'::pg_catalog.regnamespace
ORDER BY kind, oid, action, column_name
