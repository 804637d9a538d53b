-- What a hardening took from PUBLIC, with the names that object, column and roles have now, as far as OIDs tell.
-- Needs search_path = pg_catalog. Columns: area, object_kind, object, column_name ('' for none), privilege, grantor,
-- grantees, was_default, object_id, part_id, recorded_object, recorded_column, is_traced (the OIDs hold here).
-- The row as JSON: a database that is not migrated yet has no OIDs.
WITH record AS (
    SELECT
        c.area, c.object_kind, c.object, c.column_name, c.privilege, c.grantor, c.grantees, c.was_default,
        COALESCE((r.row ->> 'object_id')::pg_catalog.int8, 0) AS object_id,
        COALESCE((r.row ->> 'part_id')::pg_catalog.int8, 0) AS part_id,
        COALESCE(r.row -> 'grantee_ids', '[]'::pg_catalog.jsonb) AS grantee_ids,
        COALESCE(r.row ->> 'home' = pg_catalog.concat_ws(
            '/', d.oid, 'pgmoat.closure'::pg_catalog.regclass::pg_catalog.oid,
            pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000
        ), false) AS is_traced
    FROM pgmoat.closure AS c
    CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(c.*)) AS r (row)
    JOIN pg_catalog.pg_database AS d ON d.datname = pg_catalog.current_database()
),
named AS (
    SELECT
        r.*,
        CASE
            WHEN NOT r.is_traced THEN NULL
            WHEN r.object_kind IN ('table', 'sequence') THEN (
                SELECT '"' || pg_catalog.replace(n.nspname::pg_catalog.text, '"', '""') || '"."'
                    || pg_catalog.replace(k.relname::pg_catalog.text, '"', '""') || '"'
                FROM pg_catalog.pg_class AS k
                JOIN pg_catalog.pg_namespace AS n ON n.oid = k.relnamespace
                WHERE k.oid = r.object_id::pg_catalog.oid
            )
            WHEN r.object_kind IN ('function', 'procedure') THEN (
                SELECT CASE f.pronamespace WHEN 'pg_catalog'::pg_catalog.regnamespace THEN 'pg_catalog.' ELSE '' END
                    || f.oid::pg_catalog.regprocedure::pg_catalog.text
                FROM pg_catalog.pg_proc AS f
                WHERE f.oid = r.object_id::pg_catalog.oid
            )
            WHEN r.object_kind = 'schema' THEN (
                SELECT '"' || pg_catalog.replace(n.nspname::pg_catalog.text, '"', '""') || '"'
                FROM pg_catalog.pg_namespace AS n
                WHERE n.oid = r.object_id::pg_catalog.oid
            )
            WHEN r.object_kind = 'database' THEN (
                SELECT '"' || pg_catalog.replace(d.datname::pg_catalog.text, '"', '""') || '"'
                FROM pg_catalog.pg_database AS d
                WHERE d.oid = r.object_id::pg_catalog.oid
            )
            WHEN pg_catalog.starts_with(r.object_kind, 'default ') THEN (
                SELECT 'FOR ROLE "' || pg_catalog.replace(w.rolname::pg_catalog.text, '"', '""') || '"'
                    || COALESCE(
                        ' IN SCHEMA "' || pg_catalog.replace(n.nspname::pg_catalog.text, '"', '""') || '"', ''
                    )
                FROM pg_catalog.pg_roles AS w
                LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = r.part_id::pg_catalog.oid
                WHERE w.oid = r.object_id::pg_catalog.oid AND (r.part_id = 0 OR n.oid IS NOT NULL)
            )
        END AS object_now,
        (
            SELECT a.attname::pg_catalog.text
            FROM pg_catalog.pg_attribute AS a
            WHERE r.is_traced
                AND r.column_name <> ''
                AND a.attrelid = r.object_id::pg_catalog.oid
                AND a.attnum = r.part_id
                AND NOT a.attisdropped
        ) AS column_now
    FROM record AS r
)
SELECT
    n.area,
    n.object_kind,
    CASE
        WHEN n.column_name <> '' AND n.column_now IS NULL THEN n.object
        ELSE COALESCE(n.object_now, n.object)
    END AS object,
    COALESCE(n.column_now, n.column_name) AS column_name,
    n.privilege,
    n.grantor,
    ARRAY(
        SELECT COALESCE(w.rolname::pg_catalog.text, g.name)
        FROM pg_catalog.unnest(n.grantees) WITH ORDINALITY AS g (name, place)
        CROSS JOIN LATERAL (
            SELECT COALESCE((n.grantee_ids ->> (g.place - 1)::pg_catalog.int4)::pg_catalog.int8, 0) AS id
        ) AS known
        LEFT JOIN pg_catalog.pg_roles AS w ON n.is_traced AND w.oid = known.id::pg_catalog.oid
        -- A role that is gone has no grant; one of its name is another role.
        WHERE NOT n.is_traced OR known.id = 0 OR w.oid IS NOT NULL
        ORDER BY 1
    ) AS grantees,
    n.was_default,
    n.object_id,
    n.part_id,
    n.object AS recorded_object,
    n.column_name AS recorded_column,
    n.is_traced
FROM named AS n
ORDER BY n.area, n.object_kind, n.object, n.column_name, n.privilege, n.grantor, n.object_id
