-- Every role. Columns: the fields of RoleFact; settings as name=value.
SELECT
    r.oid::pg_catalog.int8 AS oid,
    r.rolname::pg_catalog.text AS name,
    r.rolsuper AS is_superuser,
    r.rolinherit AS inherits,
    r.rolcreaterole AS creates_roles,
    r.rolcreatedb AS creates_databases,
    r.rolcanlogin AS can_login,
    r.rolreplication AS replicates,
    r.rolbypassrls AS bypasses_row_security,
    r.rolconnlimit AS connection_limit,
    COALESCE(r.rolvaliduntil::pg_catalog.text, '') AS valid_until,
    ARRAY(
        SELECT x
        FROM pg_catalog.pg_db_role_setting AS s
        CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS x
        WHERE s.setrole = r.oid
            AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()))
        ORDER BY s.setdatabase, x
    ) AS settings
FROM pg_catalog.pg_roles AS r
ORDER BY name
