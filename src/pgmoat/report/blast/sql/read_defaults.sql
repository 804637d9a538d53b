-- What ALTER DEFAULT PRIVILEGES promises to others than the creator. Columns: the fields of DefaultFact.
SELECT
    d.defaclrole::pg_catalog.int8 AS creator,
    d.defaclnamespace::pg_catalog.int8 AS schema,
    CASE d.defaclobjtype
        WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
        WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects'
    END AS kind,
    e.grantee::pg_catalog.int8 AS grantee,
    e.privilege_type AS privilege,
    e.is_grantable
FROM pg_catalog.pg_default_acl AS d
CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) AS e
WHERE e.grantee <> d.defaclrole
    AND NOT (e.grantee = 0 AND d.defaclobjtype IN ('f', 'T') AND d.defaclnamespace = 0)
ORDER BY creator, schema, kind, grantee, privilege
