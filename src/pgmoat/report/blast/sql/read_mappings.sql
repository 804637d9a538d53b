-- User mappings. Columns: the fields of MappingFact. options: NULL where the reader may not see them.
SELECT
    m.srvid::pg_catalog.int8 AS server,
    m.umuser::pg_catalog.int8 AS role,
    CASE
        WHEN m.umoptions IS NULL AND NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = CURRENT_USER)
            THEN NULL
        ELSE EXISTS (
            SELECT FROM pg_catalog.unnest(m.umoptions) AS o WHERE pg_catalog.lower(o) ~ '^[a-z_]*(passw|secret|token|passfile)'
        )
    END AS has_password
FROM pg_catalog.pg_user_mappings AS m
ORDER BY server, role
