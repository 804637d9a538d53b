-- Privileges of pgmoat's roles anywhere in this database, and of anybody on what is in pgmoat's schemas.
-- An owner's own privileges are left out; so are those of PUBLIC on people's objects.
-- Parameters: roles, schemas (text[]).
-- Columns: object_kind, object, column_name, privilege, grantee, grantor ('' for the owner), is_grantable.
WITH role AS (
    SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = ANY (%(roles)s::pg_catalog.text[])
),
place AS (
    SELECT
        n.oid, n.nspname, n.nspowner, n.nspacl,
        '"' || pg_catalog.replace(n.nspname::pg_catalog.text, '"', '""') || '"' AS sql,
        n.nspname = ANY (%(schemas)s::pg_catalog.text[]) AS is_own
    FROM pg_catalog.pg_namespace AS n
),
relation AS (
    SELECT
        c.oid, c.relkind, c.relowner, c.relacl, p.is_own,
        p.sql || '."' || pg_catalog.replace(c.relname::pg_catalog.text, '"', '""') || '"' AS sql
    FROM pg_catalog.pg_class AS c
    JOIN place AS p ON p.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
),
thing AS (
    SELECT
        CASE r.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS object_kind,
        r.sql AS object, NULL::pg_catalog.text AS column_name, r.relowner AS owner, r.is_own, r.relacl AS acl
    FROM relation AS r
    WHERE r.relacl IS NOT NULL
    UNION ALL
    SELECT 'table', r.sql, a.attname::pg_catalog.text, r.relowner, r.is_own, a.attacl
    FROM relation AS r
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT 'schema', p.sql, NULL, p.nspowner, p.is_own, p.nspacl
    FROM place AS p
    WHERE p.nspacl IS NOT NULL
    UNION ALL
    -- Without an ACL, PUBLIC may execute a function and use a type.
    SELECT
        CASE f.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
        f.oid::pg_catalog.regprocedure::pg_catalog.text, NULL, f.proowner, p.is_own,
        COALESCE(f.proacl, pg_catalog.acldefault('f', f.proowner))
    FROM pg_catalog.pg_proc AS f
    JOIN place AS p ON p.oid = f.pronamespace
    WHERE p.is_own OR f.proacl IS NOT NULL
    UNION ALL
    SELECT
        'type', y.oid::pg_catalog.regtype::pg_catalog.text, NULL, y.typowner, p.is_own,
        y.typacl
    FROM pg_catalog.pg_type AS y
    JOIN place AS p ON p.oid = y.typnamespace
    WHERE y.typacl IS NOT NULL
    UNION ALL
    SELECT
        'database', '"' || pg_catalog.replace(d.datname::pg_catalog.text, '"', '""') || '"', NULL, d.datdba, false, d.datacl
    FROM pg_catalog.pg_database AS d
    WHERE d.datname = pg_catalog.current_database() AND d.datacl IS NOT NULL
    UNION ALL
    SELECT 'large object', o.oid::pg_catalog.text, NULL, o.lomowner, false, o.lomacl
    FROM pg_catalog.pg_largeobject_metadata AS o
    WHERE o.lomacl IS NOT NULL
    UNION ALL
    SELECT 'language', '"' || pg_catalog.replace(l.lanname::pg_catalog.text, '"', '""') || '"', NULL, l.lanowner, false, l.lanacl
    FROM pg_catalog.pg_language AS l
    WHERE l.lanacl IS NOT NULL
    UNION ALL
    SELECT
        'foreign data wrapper', '"' || pg_catalog.replace(w.fdwname::pg_catalog.text, '"', '""') || '"', NULL,
        w.fdwowner, false, w.fdwacl
    FROM pg_catalog.pg_foreign_data_wrapper AS w
    WHERE w.fdwacl IS NOT NULL
    UNION ALL
    SELECT
        'foreign server', '"' || pg_catalog.replace(s.srvname::pg_catalog.text, '"', '""') || '"', NULL,
        s.srvowner, false, s.srvacl
    FROM pg_catalog.pg_foreign_server AS s
    WHERE s.srvacl IS NOT NULL
    UNION ALL
    SELECT 'parameter', g.parname, NULL, 10, false, g.paracl
    FROM pg_catalog.pg_parameter_acl AS g
    UNION ALL
    SELECT
        'tablespace', '"' || pg_catalog.replace(t.spcname::pg_catalog.text, '"', '""') || '"', NULL, t.spcowner, false, t.spcacl
    FROM pg_catalog.pg_tablespace AS t
    WHERE t.spcacl IS NOT NULL
    UNION ALL
    -- What ALTER DEFAULT PRIVILEGES promises: "default tables", FOR ROLE … IN SCHEMA ….
    SELECT
        'default ' || CASE d.defaclobjtype
            WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
            WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END,
        'FOR ROLE "' || pg_catalog.replace(pg_catalog.pg_get_userbyid(d.defaclrole)::pg_catalog.text, '"', '""') || '"'
            || COALESCE(' IN SCHEMA ' || p.sql, ''),
        NULL, d.defaclrole,
        COALESCE(p.is_own, false) OR d.defaclrole IN (SELECT role.oid FROM role), d.defaclacl
    FROM pg_catalog.pg_default_acl AS d
    LEFT JOIN place AS p ON p.oid = d.defaclnamespace
)
SELECT
    t.object_kind, t.object, t.column_name, e.privilege_type AS privilege,
    CASE e.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(e.grantee)::pg_catalog.text END AS grantee,
    CASE WHEN e.grantor = t.owner THEN '' ELSE pg_catalog.pg_get_userbyid(e.grantor)::pg_catalog.text END AS grantor,
    e.is_grantable
FROM thing AS t
CROSS JOIN LATERAL pg_catalog.aclexplode(t.acl) AS e
WHERE e.grantee <> t.owner AND (t.is_own OR e.grantee IN (SELECT role.oid FROM role))
