-- Who holds what on objects where PUBLIC holds something, or that are named: what a hardening is about.
-- Parameters: own_schemas (text[]: pgmoat's), catalog_functions (text[]: names in pg_catalog that matter),
-- databases (text[]: others than this one), named (text[]: kind and object). Needs search_path = pg_catalog.
-- Columns: object_kind, object, column_name, owner, owner_is_superuser, trait, is_default, object_id, part_id (number of
-- the column, OID of the schema of default privileges), privilege, grantee, grantor ('' for the owner), is_grantable. trait: catalog, definer, extension definer, extension, or ''.
WITH place AS (
    SELECT
        n.oid, n.nspname, n.nspowner, n.nspacl,
        '"' || pg_catalog.replace(n.nspname::pg_catalog.text, '"', '""') || '"' AS sql
    FROM pg_catalog.pg_namespace AS n
    WHERE n.nspname NOT IN ('information_schema', 'pg_catalog', 'pg_toast')
        AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_temp_')
        AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_toast_temp_')
        AND n.nspname <> ALL (%(own_schemas)s::pg_catalog.text[])
),
member AS (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend AS d WHERE d.deptype = 'e'
),
relation AS (
    SELECT
        c.oid, c.relkind, c.relowner, c.relacl,
        p.sql || '."' || pg_catalog.replace(c.relname::pg_catalog.text, '"', '""') || '"' AS sql,
        CASE WHEN EXISTS (
            SELECT FROM member AS m
            WHERE m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND m.objid = c.oid
        ) THEN 'extension' ELSE '' END AS trait
    FROM pg_catalog.pg_class AS c
    JOIN place AS p ON p.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
),
thing AS (
    SELECT
        CASE r.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS object_kind,
        r.sql AS object, NULL::pg_catalog.text AS column_name, r.relowner AS owner, r.trait,
        false AS is_default, r.relacl AS acl, r.oid AS object_id, 0::pg_catalog.int8 AS part_id
    FROM relation AS r
    WHERE r.relacl IS NOT NULL
    UNION ALL
    SELECT 'table', r.sql, a.attname::pg_catalog.text, r.relowner, r.trait, false, a.attacl, r.oid, a.attnum
    FROM relation AS r
    JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid = r.oid AND a.attacl IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT 'schema', p.sql, NULL, p.nspowner, '', false, p.nspacl, p.oid, 0
    FROM place AS p
    WHERE p.nspacl IS NOT NULL
    UNION ALL
    SELECT
        CASE f.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
        f.oid::pg_catalog.regprocedure::pg_catalog.text, NULL, f.proowner,
        pg_catalog.concat_ws(
            ' ',
            CASE WHEN EXISTS (
                SELECT FROM member AS m
                WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = f.oid
            ) THEN 'extension' END,
            CASE WHEN f.prosecdef THEN 'definer' END
        ),
        f.proacl IS NULL,
        COALESCE(f.proacl, pg_catalog.acldefault('f', f.proowner)), f.oid, 0
    FROM pg_catalog.pg_proc AS f
    JOIN place AS p ON p.oid = f.pronamespace
    UNION ALL
    SELECT
        'function', 'pg_catalog.' || f.oid::pg_catalog.regprocedure::pg_catalog.text, NULL, f.proowner, 'catalog',
        f.proacl IS NULL,
        COALESCE(f.proacl, pg_catalog.acldefault('f', f.proowner)), f.oid, 0
    FROM pg_catalog.pg_proc AS f
    WHERE f.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
        AND f.prokind = 'f'
        AND f.proname = ANY (%(catalog_functions)s::pg_catalog.text[])
    UNION ALL
    SELECT
        'database', '"' || pg_catalog.replace(d.datname::pg_catalog.text, '"', '""') || '"', NULL, d.datdba,
        CASE d.datname WHEN pg_catalog.current_database() THEN '' ELSE 'other' END,
        d.datacl IS NULL,
        COALESCE(d.datacl, pg_catalog.acldefault('d', d.datdba)), d.oid, 0
    FROM pg_catalog.pg_database AS d
    WHERE d.datname = pg_catalog.current_database()
        OR d.datname = ANY (%(databases)s::pg_catalog.text[])
        OR 'database "' || pg_catalog.replace(d.datname::pg_catalog.text, '"', '""') || '"'
            = ANY (%(named)s::pg_catalog.text[])
    UNION ALL
    SELECT 'large object', o.oid::pg_catalog.text, NULL, o.lomowner, '', false, o.lomacl, o.oid, 0
    FROM pg_catalog.pg_largeobject_metadata AS o
    WHERE o.lomacl IS NOT NULL
    UNION ALL
    SELECT
        'language', '"' || pg_catalog.replace(l.lanname::pg_catalog.text, '"', '""') || '"', NULL, l.lanowner, '',
        l.lanacl IS NULL,
        COALESCE(l.lanacl, pg_catalog.acldefault('l', l.lanowner)), l.oid, 0
    FROM pg_catalog.pg_language AS l
    WHERE l.lanpltrusted AND l.lanispl
    UNION ALL
    -- What new objects will get. Of functions also where nobody said so: PUBLIC may execute them.
    SELECT
        'default ' || CASE d.defaclobjtype
            WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
            WHEN 'n' THEN 'schemas' ELSE 'large objects' END,
        'FOR ROLE "' || pg_catalog.replace(pg_catalog.pg_get_userbyid(d.defaclrole)::pg_catalog.text, '"', '""') || '"'
            || COALESCE(' IN SCHEMA ' || p.sql, ''),
        NULL, d.defaclrole, '', false, d.defaclacl, d.defaclrole, d.defaclnamespace::pg_catalog.int8
    FROM pg_catalog.pg_default_acl AS d
    LEFT JOIN place AS p ON p.oid = d.defaclnamespace
    WHERE d.defaclobjtype <> 'T' AND (d.defaclnamespace = 0 OR p.oid IS NOT NULL)
    UNION ALL
    SELECT
        'default functions',
        'FOR ROLE "' || pg_catalog.replace(pg_catalog.pg_get_userbyid(o.owner)::pg_catalog.text, '"', '""') || '"',
        NULL, o.owner, '', true, pg_catalog.acldefault('f', o.owner), o.owner, 0
    FROM (
        SELECT DISTINCT f.proowner AS owner
        FROM pg_catalog.pg_proc AS f
        JOIN place AS p ON p.oid = f.pronamespace
        WHERE NOT EXISTS (
            SELECT FROM member AS m
            WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = f.oid
        )
    ) AS o
    WHERE NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_default_acl AS d
        WHERE d.defaclrole = o.owner AND d.defaclnamespace = 0 AND d.defaclobjtype = 'f'
    )
),
open AS (
    SELECT t.object_kind, t.object, t.column_name, t.owner, t.trait, t.is_default, t.acl, t.object_id,
        t.part_id
    FROM thing AS t
    WHERE EXISTS (SELECT FROM pg_catalog.aclexplode(t.acl) AS e WHERE e.grantee = 0)
        OR (t.object_kind || ' ' || t.object) = ANY (%(named)s::pg_catalog.text[])
)
SELECT
    o.object_kind, o.object, o.column_name,
    pg_catalog.pg_get_userbyid(o.owner)::pg_catalog.text AS owner,
    w.rolsuper AS owner_is_superuser,
    o.trait, o.is_default,
    o.object_id::pg_catalog.int8 AS object_id, o.part_id::pg_catalog.int8 AS part_id,
    e.privilege_type AS privilege,
    CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(e.grantee)::pg_catalog.text END AS grantee,
    CASE WHEN e.grantor = o.owner THEN '' ELSE pg_catalog.pg_get_userbyid(e.grantor)::pg_catalog.text END AS grantor,
    e.is_grantable
FROM open AS o
JOIN pg_catalog.pg_roles AS w ON w.oid = o.owner
-- An object without any privilege left still has a line.
LEFT JOIN LATERAL pg_catalog.aclexplode(o.acl) AS e ON true
ORDER BY o.object_kind, o.object, o.column_name NULLS FIRST, e.privilege_type, grantee, grantor
