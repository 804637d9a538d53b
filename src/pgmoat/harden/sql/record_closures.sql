-- Writes down what was taken from PUBLIC, and who got it instead. Placeholders: rows.
INSERT INTO pgmoat.closure AS c
    (
        area, object_kind, object, column_name, privilege, grantor, grantees, was_default,
        object_id, part_id, grantee_ids, home
    )
SELECT
    v.area, v.object_kind, v.object, v.column_name, v.privilege, v.grantor, v.grantees, v.was_default,
    v.object_id, v.part_id,
    ARRAY(
        SELECT COALESCE(r.oid, 0)::pg_catalog.int8
        FROM pg_catalog.unnest(v.grantees) WITH ORDINALITY AS g (name, place)
        LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = g.name
        ORDER BY g.place
    ),
    pg_catalog.concat_ws(
        '/', d.oid, 'pgmoat.closure'::pg_catalog.regclass::pg_catalog.oid,
        pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000
    )
FROM (VALUES
    {rows}
) AS v (area, object_kind, object, column_name, privilege, grantor, grantees, was_default, object_id, part_id)
JOIN pg_catalog.pg_database AS d ON d.datname = pg_catalog.current_database()
ON CONFLICT (object_kind, object, column_name, privilege, grantor, object_id) DO UPDATE
SET area = EXCLUDED.area,
    grantees = EXCLUDED.grantees,
    grantee_ids = EXCLUDED.grantee_ids,
    home = EXCLUDED.home,
    closed_at = DEFAULT,
    closed_by = DEFAULT
