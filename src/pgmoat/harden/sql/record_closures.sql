-- Writes down what was taken from PUBLIC, and who got it instead. Placeholders: rows.
INSERT INTO pgmoat.closure AS c
    (area, object_kind, object, column_name, privilege, grantor, grantees, was_default)
VALUES
    {rows}
ON CONFLICT (object_kind, object, column_name, privilege, grantor) DO UPDATE
SET area = EXCLUDED.area,
    grantees = ARRAY(
        SELECT DISTINCT g.name
        FROM pg_catalog.unnest(c.grantees || EXCLUDED.grantees) AS g (name)
        ORDER BY g.name
    ),
    closed_at = DEFAULT,
    closed_by = DEFAULT
