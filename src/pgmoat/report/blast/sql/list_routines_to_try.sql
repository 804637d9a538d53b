-- People's functions, procedures and aggregates, and those of PostgreSQL's own that not every role may call.
-- Parameters: none. Columns: the fields of RoutineToTry. types: as SQL takes them; type_schemas: where they are.
SELECT
    f.oid::pg_catalog.int8 AS oid,
    n.oid::pg_catalog.int8 AS schema_oid,
    n.nspname::pg_catalog.text AS schema,
    f.proname::pg_catalog.text AS name,
    f.oid::pg_catalog.regprocedure::pg_catalog.text AS signature,
    CASE WHEN a.aggkind <> 'n' THEN 'o' ELSE f.prokind::pg_catalog.text END AS kind,
    n.nspname = 'pg_catalog' AS is_system,
    f.provariadic <> 0 AND f.provariadic <> '"any"'::pg_catalog.regtype AS is_variadic,
    f.provolatile = 'i' AS is_immutable,
    NOT f.prosecdef AND f.prorettype IN (
        'pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype
    ) AS only_fires,
    ARRAY(
        SELECT CASE
            WHEN y.typname IN ('anyarray', 'anycompatiblearray') THEN 'pg_catalog.int4[]'
            WHEN y.typname IN ('anyrange', 'anycompatiblerange') THEN 'pg_catalog.int4range'
            WHEN y.typname IN ('anymultirange', 'anycompatiblemultirange') THEN 'pg_catalog.int4multirange'
            WHEN y.typname IN ('any', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray')
                THEN 'pg_catalog.int4'
            WHEN y.typname IN ('anyenum', 'internal', 'trigger', 'event_trigger', 'void') THEN NULL
            ELSE pg_catalog.format_type(t.type, NULL)
        END
        FROM ROWS FROM (
            pg_catalog.unnest(COALESCE(f.proallargtypes, f.proargtypes::pg_catalog.oid[])),
            pg_catalog.unnest(f.proargmodes)
        ) WITH ORDINALITY AS t(type, mode, position)
        JOIN pg_catalog.pg_type AS y ON y.oid = t.type
        WHERE COALESCE(t.mode, 'i') IN ('i', 'b', 'v') OR (f.prokind = 'p' AND t.mode = 'o')
        ORDER BY t.position
    ) AS types,
    ARRAY(
        SELECT DISTINCT y.typnamespace::pg_catalog.int8
        FROM pg_catalog.unnest(COALESCE(f.proallargtypes, f.proargtypes::pg_catalog.oid[])) AS t(type)
        JOIN pg_catalog.pg_type AS y ON y.oid = t.type
    ) AS type_schemas
FROM pg_catalog.pg_proc AS f
JOIN pg_catalog.pg_namespace AS n ON n.oid = f.pronamespace
LEFT JOIN pg_catalog.pg_aggregate AS a ON a.aggfnoid = f.oid
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
    OR (
        n.nspname = 'pg_catalog'
        AND f.proacl IS NOT NULL
        AND NOT EXISTS (
            SELECT
            FROM pg_catalog.aclexplode(f.proacl) AS acl
            WHERE acl.grantee = 0 AND acl.privilege_type = 'EXECUTE'
        )
    )
ORDER BY n.nspname, f.proname, f.oid
