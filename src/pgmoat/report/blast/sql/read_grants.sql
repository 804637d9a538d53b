-- Every privilege that is not its object's owner's own. Columns: the fields of GrantFact.
-- is_default: PostgreSQL gives it, on every new object of that kind or as it was installed.
WITH thing AS (
    SELECT 'relation' AS kind, c.oid AS object, 0 AS number, c.relowner AS owner, c.relacl AS acl,
        NULL::pg_catalog.aclitem[] AS usual, 'pg_catalog.pg_class'::pg_catalog.regclass AS catalog,
        c.relnamespace::pg_catalog.regnamespace::pg_catalog.text AS place
    FROM pg_catalog.pg_class AS c
    WHERE c.relacl IS NOT NULL
    UNION ALL
    SELECT 'relation', a.attrelid, a.attnum, c.relowner, a.attacl, NULL, 'pg_catalog.pg_class'::pg_catalog.regclass,
        ''
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT 'function', f.oid, 0, f.proowner, COALESCE(f.proacl, pg_catalog.acldefault('f', f.proowner)),
        -- Of PostgreSQL's own those are everybody's that initdb left alone, whatever was granted and taken since.
        CASE
            WHEN n.nspname = 'pg_catalog' AND EXISTS (
                SELECT
                FROM pg_catalog.pg_init_privs AS i
                WHERE i.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND i.objoid = f.oid
            ) THEN NULL
            ELSE pg_catalog.acldefault('f', f.proowner)
        END,
        'pg_catalog.pg_proc'::pg_catalog.regclass, ''
    FROM pg_catalog.pg_proc AS f
    JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') OR f.proacl IS NOT NULL
    UNION ALL
    SELECT 'schema', n.oid, 0, n.nspowner, n.nspacl, NULL, 'pg_catalog.pg_namespace'::pg_catalog.regclass,
        n.nspname::pg_catalog.text
    FROM pg_catalog.pg_namespace AS n
    WHERE n.nspacl IS NOT NULL
    UNION ALL
    SELECT 'database', d.oid, 0, d.datdba, COALESCE(d.datacl, pg_catalog.acldefault('d', d.datdba)),
        pg_catalog.acldefault('d', d.datdba), 'pg_catalog.pg_database'::pg_catalog.regclass, ''
    FROM pg_catalog.pg_database AS d
    UNION ALL
    SELECT 'language', l.oid, 0, l.lanowner, COALESCE(l.lanacl, pg_catalog.acldefault('l', l.lanowner)),
        pg_catalog.acldefault('l', l.lanowner), 'pg_catalog.pg_language'::pg_catalog.regclass, ''
    FROM pg_catalog.pg_language AS l
    WHERE l.lanpltrusted
    UNION ALL
    SELECT 'foreign data wrapper', w.oid, 0, w.fdwowner, w.fdwacl, NULL,
        'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, ''
    FROM pg_catalog.pg_foreign_data_wrapper AS w
    WHERE w.fdwacl IS NOT NULL
    UNION ALL
    SELECT 'foreign server', s.oid, 0, s.srvowner, s.srvacl, NULL,
        'pg_catalog.pg_foreign_server'::pg_catalog.regclass, ''
    FROM pg_catalog.pg_foreign_server AS s
    WHERE s.srvacl IS NOT NULL
    UNION ALL
    SELECT 'tablespace', t.oid, 0, t.spcowner, t.spcacl, NULL, 'pg_catalog.pg_tablespace'::pg_catalog.regclass, ''
    FROM pg_catalog.pg_tablespace AS t
    WHERE t.spcacl IS NOT NULL
    UNION ALL
    SELECT 'large object', o.oid, 0, o.lomowner, o.lomacl, NULL,
        'pg_catalog.pg_largeobject'::pg_catalog.regclass, ''
    FROM pg_catalog.pg_largeobject_metadata AS o
    WHERE o.lomacl IS NOT NULL
    UNION ALL
    SELECT 'type', y.oid, 0, y.typowner, y.typacl, pg_catalog.acldefault('T', y.typowner),
        'pg_catalog.pg_type'::pg_catalog.regclass, ''
    FROM pg_catalog.pg_type AS y
    WHERE y.typacl IS NOT NULL
    UNION ALL
    SELECT 'parameter', p.oid, 0, 10, p.paracl, NULL, 'pg_catalog.pg_parameter_acl'::pg_catalog.regclass, ''
    FROM pg_catalog.pg_parameter_acl AS p
)
SELECT
    t.kind,
    t.object::pg_catalog.int8 AS object,
    t.number::pg_catalog.int4 AS number,
    e.grantee::pg_catalog.int8 AS grantee,
    e.grantor::pg_catalog.int8 AS grantor,
    e.privilege_type AS privilege,
    e.is_grantable,
    -- initdb grants these before it writes pg_init_privs down.
    (e.grantee = 0 AND t.place = 'information_schema' AND e.privilege_type IN ('SELECT', 'USAGE'))
    OR COALESCE(
        EXISTS (
            SELECT
            FROM pg_catalog.aclexplode(t.usual) AS u
            WHERE u.grantee = e.grantee AND u.privilege_type = e.privilege_type
        )
        OR EXISTS (
            SELECT
            FROM pg_catalog.pg_init_privs AS i
            CROSS JOIN LATERAL pg_catalog.aclexplode(i.initprivs) AS u
            WHERE i.classoid = t.catalog
                AND i.objoid = t.object
                AND i.objsubid = t.number
                AND u.grantee = e.grantee
                AND u.privilege_type = e.privilege_type
                AND (u.is_grantable OR NOT e.is_grantable)
        ),
        false
    ) AS is_default
FROM thing AS t
CROSS JOIN LATERAL pg_catalog.aclexplode(t.acl) AS e
WHERE e.grantee <> t.owner
ORDER BY t.kind, object, number, grantee, privilege
