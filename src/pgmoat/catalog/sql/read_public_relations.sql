-- What PUBLIC holds on people's tables, views, columns and sequences, in schemas that it may use.
-- Parameters: entity_schema. Columns: the fields of Reach.
WITH usable AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace AS n
    WHERE n.nspname NOT IN ('information_schema', %(entity_schema)s)
        AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')
        AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pgmoat')
        AND EXISTS (
            SELECT
            FROM pg_catalog.aclexplode(n.nspacl) AS acl
            WHERE acl.grantee = 0 AND acl.privilege_type = 'USAGE'
        )
),
granted AS (
    SELECT
        c.oid AS relation,
        pg_catalog.concat(u.nspname, '.', c.relname) AS object,
        CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind,
        acl.privilege_type AS privilege
    FROM usable AS u
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = u.oid
    CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS acl
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND acl.grantee = 0
    UNION ALL
    SELECT
        c.oid,
        pg_catalog.concat(u.nspname, '.', c.relname, '.', a.attname),
        'column',
        acl.privilege_type
    FROM usable AS u
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = u.oid
    JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid = c.oid AND a.attacl IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped
    CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) AS acl
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND acl.grantee = 0
)
SELECT g.object, g.kind, g.privilege, 'PUBLIC' AS path
FROM granted AS g
WHERE NOT (
    -- An extension's own views for everyone (pg_stat_statements, spatial_ref_sys) hold nothing of people's.
    g.privilege = 'SELECT'
    AND EXISTS (
        SELECT
        FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.objid = g.relation
            AND d.deptype = 'e'
    )
)
ORDER BY g.kind DESC, g.object, g.privilege
