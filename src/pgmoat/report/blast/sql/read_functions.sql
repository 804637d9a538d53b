-- People's functions and procedures, and those of PostgreSQL's own whose privileges somebody changed.
-- Needs search_path = pg_catalog. Columns: the fields of FunctionFact. definition: of those alone that run as somebody else, as triggers, or in standard SQL.
SELECT
    f.oid::pg_catalog.int8 AS oid,
    n.oid::pg_catalog.int8 AS schema,
    f.proname::pg_catalog.text AS name,
    pg_catalog.pg_get_function_identity_arguments(f.oid) AS arguments,
    f.oid::pg_catalog.regprocedure::pg_catalog.text AS sql,
    f.proowner::pg_catalog.int8 AS owner,
    f.prokind::pg_catalog.text AS kind,
    f.prosecdef AS is_definer,
    l.lanname::pg_catalog.text AS language,
    l.lanpltrusted AS is_trusted,
    COALESCE(f.proconfig, '{}') AS settings,
    f.prosqlbody IS NOT NULL AS has_sql_body,
    f.prosrc AS source,
    CASE f.prorettype
        WHEN 'pg_catalog.trigger'::pg_catalog.regtype THEN 'trigger'
        WHEN 'pg_catalog.event_trigger'::pg_catalog.regtype THEN 'event_trigger'
        ELSE ''
    END AS fires_as,
    CASE
        WHEN f.prokind IN ('f', 'p') AND l.lanname IN ('sql', 'plpgsql')
            AND (f.prosecdef OR f.prosqlbody IS NOT NULL OR f.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype)
            THEN pg_catalog.pg_get_functiondef(f.oid)
        ELSE ''
    END AS definition,
    (
        SELECT x.extname::pg_catalog.text
        FROM pg_catalog.pg_depend AS d
        JOIN pg_catalog.pg_extension AS x ON x.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
            AND d.objid = f.oid
            AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
            AND d.deptype = 'e'
        LIMIT 1
    ) AS extension
FROM pg_catalog.pg_proc AS f
JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace
JOIN pg_catalog.pg_language AS l ON l.oid = f.prolang
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
    OR (
        n.nspname = 'pg_catalog'
        AND f.proacl IS NOT NULL
    )
ORDER BY n.nspname, f.proname, f.oid
