-- Settings of this database for all roles, and of all roles. Columns: setting (name=value).
SELECT x AS setting
FROM pg_catalog.pg_db_role_setting AS s
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS x
WHERE s.setrole = 0
    AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()))
ORDER BY s.setdatabase, setting
